/** What is allowed of an answer to a malformed model, and of the backend meanwhile. */
import type { ComputeClient } from '../../../engine/computeClient.ts';
import { failureKindOf } from '../../../engine/failures.ts';
import { isTwinscopeError, type TwinscopeError } from '../../../platform/errors.ts';
import type { TortureReport } from './torture.ts';

export type Answer = {
  /** Whether the work was done: an import survives the end of the compute process that checked its gradient. */
  ran: boolean;
  /** 'ran', 'died', 'deadline', 'fault', or the code of the refusal. */
  result: string;
  message: string;
  /** What is not allowed about it, or null. */
  fault: string | null;
};

/**
 * How late the backend's event loop may be at worst: a page that waits longer looks frozen. The worst of 10,000 models on
 * two busy cores was 0.4 s.
 */
export const mostLagMs = 5_000;
const longestSentence = 600;
const probeMs = 10;

const inSeconds = (ms: number): string => `${ms / 1000} s`;

/**
 * Waits for an answer. One that has not come after `mostMs` is a fault: compute is ended, and an answer that does not
 * come even then within as long again is given up.
 */
export async function judgeAnswer(
  compute: Pick<ComputeClient, 'pid' | 'kill'>,
  mostMs: number,
  work: () => Promise<unknown>,
): Promise<Answer> {
  const pid = compute.pid();
  let late: string | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const givenUp = new Promise<Answer>((resolve) => {
    timer = setTimeout(() => {
      late = `it gave no answer for ${inSeconds(mostMs)}`;
      void compute.kill();
      timer = setTimeout(() => {
        late = `it gave no answer for ${inSeconds(mostMs)}, nor after compute had been ended`;
        resolve({ ran: false, result: 'deadline', message: '', fault: late });
      }, mostMs);
    }, mostMs);
  });
  const settled = work().then((): Answer => ({ ran: true, result: 'ran', message: '', fault: null }), judgeError);
  const answer = await Promise.race([settled, givenUp]);
  clearTimeout(timer);
  if (late !== null) return { ...answer, result: 'deadline', fault: late };
  const ended = pid !== null && compute.pid() !== pid;
  return answer.ran && ended ? { ...answer, result: 'died' } : answer;
}

/** What a refusal must be: a known code that is no fault of ours, and sentences a person can read. */
export function judgeError(error: unknown): Answer {
  if (!isTwinscopeError(error))
    return { ran: false, result: 'fault', message: String(error), fault: 'it is no refusal' };
  const { code, message }: TwinscopeError = error;
  const kind = failureKindOf(error);
  if (kind === 'hang') return { ran: false, result: 'deadline', message, fault: 'compute missed the deadline' };
  return { ran: false, result: kind === null ? code : 'died', message, fault: faultOf(code, message) };
}

function faultOf(code: string, message: string): string | null {
  if (!['corrupt', 'unsupported', 'bad-input', 'compute-failed'].includes(code)) return `its code is ${code}`;
  if (message.length > longestSentence) return `it has ${message.length} characters`;
  if (!message.endsWith('.')) return 'it does not end with a full stop';
  if (/ {4}at |\bundefined\b|\[object|\bNaN\b/.test(message)) return 'it is not a sentence';
  return [...message].some((character) => character < ' ') ? 'it holds control characters' : null;
}

/** Everything in a report that is not allowed, as lines for people; none where all went well. */
export function notAllowed({ outcomes, failedAfterwards, worstLagMs }: TortureReport): string[] {
  const answers = outcomes.flatMap(({ index, kind, seedModel, request, ms, message, fault }) =>
    fault === null
      ? []
      : [`model ${index} (${kind} of ${seedModel}), ${request}: ${(ms / 1000).toFixed(2)} s: ${fault}. ${message}`],
  );
  const afterwards = failedAfterwards.map((failure) => `a good model failed ${failure}`);
  const lag = worstLagMs > mostLagMs ? [`the backend did not answer for ${inSeconds(Math.round(worstLagMs))}`] : [];
  return [...answers, ...afterwards, ...lag];
}

/** How late a timer of the backend's process is at worst, and the memory it takes. */
export function startLagProbe(): { stop(): { worstLagMs: number; peakBackendBytes: number } } {
  let last = performance.now();
  let worstLagMs = 0;
  const measure = (): void => {
    const now = performance.now();
    worstLagMs = Math.max(worstLagMs, now - last - probeMs);
    last = now;
  };
  const timer = setInterval(measure, probeMs);
  return {
    stop() {
      // What blocks the loop up to now has kept the timer from telling.
      measure();
      clearInterval(timer);
      return { worstLagMs, peakBackendBytes: process.resourceUsage().maxRSS * 1024 };
    },
  };
}
