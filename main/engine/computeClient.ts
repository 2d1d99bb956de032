/**
 * The backend's side of the compute process. It starts compute when first needed, gives every request a deadline
 * (a run is synchronous, so a hanging one answers no heartbeat) and, when compute dies, fails what was under way with
 * a sentence and starts afresh with the next request.
 */
import { CancellationTokenSource, ProgressType, type CancellationToken, type MessageConnection } from 'vscode-jsonrpc';
import { unlessAborted, type CancelSignal } from '../platform/cancel.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { connectPort, toTwinscopeError } from '../rpc/connection.ts';
import { endError, failureKindOf, hangError, isBatchMemory } from './failures.ts';
import type {
  ComputeCallbacks,
  ComputeMethods,
  ComputeProcess,
  ComputeProgress,
  SpawnCompute,
} from './computeContract.ts';

export type ComputeClient = {
  call<M extends keyof ComputeMethods>(
    method: M,
    input: ComputeMethods[M]['input'],
    options?: CallOptions,
  ): Promise<ComputeMethods[M]['output']>;
  /** The running process, or null. */
  pid(): number | null;
  /** Ends the process, or gives up one that does not end; the next call starts another. */
  kill(): Promise<void>;
  close(): Promise<void>;
};

export type CallOptions = {
  /** How long a request may take before the process counts as hanging. */
  deadlineMs?: number;
  /**
   * When aborted, compute is told, and has `graceMs` to end this request before its process is killed. One that others
   * use meanwhile is left to them, and the request runs out.
   */
  signal?: CancelSignal;
  /** Told how far the request is, where compute tells. */
  onProgress?: (at: ComputeProgress) => void;
  /** Fails where no process runs instead of starting one: for what only that process could know of. */
  onlyIfRunning?: boolean;
  /** The job that asks. What one job needed too much memory for is no reason for others to take smaller batches. */
  jobId?: string;
};

export const computeProgress = new ProgressType<ComputeProgress>();

export type ComputeClientOptions = {
  spawn: SpawnCompute;
  callbacks: {
    [M in keyof ComputeCallbacks]: (input: ComputeCallbacks[M]['input']) => Promise<ComputeCallbacks[M]['output']>;
  };
  /** Told the process id whenever one starts (a number) or ends (null). */
  onProcess?: (pid: number | null) => Promise<void> | void;
  /** Told of what went wrong beside the requests; nothing depends on it. */
  logError?: (error: unknown) => void;
  /** How long a killed process may take to end before it is given up. */
  endMs?: number;
};

const defaultDeadlineMs = 120_000;
const graceMs = 3_000;
const usualEndMs = 10_000;

/** A request that has no answer yet. */
type Request = { jobId: string | undefined; withdrawn: boolean; fail(reason: TwinscopeError): void };

type Running = {
  process: ComputeProcess;
  connection: MessageConnection;
  /**
   * Told when the process ends; each leaves when it is over. One promise for all would live as long as the process and
   * hold the answers of all that ever waited for it.
   */
  underWay: Set<Request>;
  /** Grows with every request that begins, and with every end of one that was not withdrawn. */
  uses: number;
  /** Why the process is of no more use; null while it is. */
  ended: TwinscopeError | null;
  /**
   * Ends the process, or gives up one that does not end, and is over when it is gone; new requests wait for that and get
   * another. Those under way fail for `reason`, or as `reasonFor` says.
   */
  end(reason: TwinscopeError, jobId?: string): Promise<void>;
};

export function createComputeClient(options: ComputeClientOptions): ComputeClient {
  const { endMs = usualEndMs } = options;
  let running: Promise<Running> | null = null;
  /** Whether a process is there that has not been told to end. */
  let answers = false;
  /** Over when a process that was told to end is gone. */
  let leaving: Promise<void> = Promise.resolve();
  let closed = false;
  let pid: number | null = null;
  let requests = 0;

  /** A record that cannot be written (a full disk, a closed project) must not stop the work or leave it half started. */
  async function announce(id: number | null): Promise<void> {
    pid = id;
    try {
      await options.onProcess?.(id);
    } catch (error) {
      options.logError?.(error);
    }
  }

  async function start(): Promise<Running> {
    const process = await options.spawn().catch((error: unknown) => {
      throw error instanceof TwinscopeError ? error : didNotStart(error);
    });
    const connection = connectPort(process.port);
    for (const [name, callback] of Object.entries(options.callbacks)) {
      connection.onRequest(name, (input) => (callback as (value: unknown) => Promise<unknown>)(input));
    }
    connection.listen();
    let ending: { reason: TwinscopeError; jobId: string | undefined; gone: Promise<void> } | null = null;
    let left = false;
    /** From here on requests get the next process. */
    const leave = (): void => {
      if (left) return;
      left = true;
      running = null;
      answers = false;
    };
    const giveUp = (reason: TwinscopeError): void => {
      if (current.ended !== null) return;
      current.ended = ending?.reason ?? reason;
      connection.dispose();
      leave();
      if (pid === process.pid) void announce(null);
      for (const request of current.underWay) request.fail(reasonFor(request, current.ended, ending?.jobId));
    };
    const current: Running = {
      process,
      connection,
      underWay: new Set(),
      uses: 0,
      ended: null,
      end(reason, jobId) {
        if (ending !== null) return ending.gone;
        process.kill();
        // One that a driver holds cannot be ended; neither the next nor whoever leaves waits for it for ever.
        const gone = settledWithin(process.exited, endMs).then(() => giveUp(reason));
        ending = { reason, jobId, gone };
        leave();
        leaving = gone;
        return gone;
      },
    };
    void process.exited.then((end) => giveUp(endError(end)));
    await announce(process.pid);
    answers = !left;
    return current;
  }

  function ensure(): Promise<Running> {
    if (closed) throw closing();
    running ??= leaving
      .then(() => {
        if (closed) throw closing();
        return start();
      })
      .catch((error: unknown) => {
        running = null;
        throw error;
      });
    return running;
  }

  async function kill(): Promise<void> {
    const current = await running?.catch(() => null);
    await (current?.end(stopped()) ?? leaving);
  }

  return {
    async call(
      method,
      input,
      { deadlineMs = defaultDeadlineMs, signal, onProgress, onlyIfRunning = false, jobId } = {},
    ) {
      signal?.throwIfAborted();
      // One that is only being prepared knows of nothing yet.
      if (onlyIfRunning && !answers) throw stopped();
      const current = await (signal === undefined ? ensure() : unlessAborted(ensure(), signal));
      signal?.throwIfAborted();
      if (current.ended !== null) throw current.ended;
      const { promise: failed, reject: fail } = Promise.withResolvers<never>();
      const request: Request = { jobId, withdrawn: false, fail };
      current.underWay.add(request);
      current.uses += 1;
      const withdrawal = new CancellationTokenSource();
      let stopWaiting: () => void = () => undefined;
      const onAbort = (): void => {
        request.withdrawn = true;
        withdrawal.cancel();
        stopWaiting = endWhenAlone(current);
      };
      signal?.addEventListener('abort', onAbort);
      const id = (requests += 1);
      const listening = onProgress && current.connection.onProgress(computeProgress, id, onProgress);
      const timer = setTimeout(() => {
        const error = hangError(deadlineMs);
        fail(error);
        void current.end(error);
      }, deadlineMs);
      try {
        return (await Promise.race([
          ask(current, method, { input, id, token: withdrawal.token }).catch(async (error: unknown) => {
            const told = toTwinscopeError(error);
            if (told.code === 'cancelled') signal?.throwIfAborted();
            if (told.details['disconnected'] !== true) throw told;
            // A request cut off by the end of the process is told as that, not as a closed connection.
            await new Promise<void>((resolve) => setTimeout(resolve, 200));
            throw told;
          }),
          failed,
        ])) as ComputeMethods[typeof method]['output'];
      } catch (error) {
        // A process short of memory or without its device still answers, but nothing it could be asked for.
        if (failureKindOf(error) !== null) await current.end(error as TwinscopeError, jobId);
        throw error;
      } finally {
        current.underWay.delete(request);
        if (!request.withdrawn) current.uses += 1;
        clearTimeout(timer);
        stopWaiting();
        listening?.dispose();
        signal?.removeEventListener('abort', onAbort);
      }
    },
    pid: () => pid,
    kill,
    async close() {
      closed = true;
      await kill();
    },
  };
}

/**
 * Ends the process once `graceMs` have passed in which nobody used it whose request was not withdrawn. Returns what stops
 * the waiting.
 */
function endWhenAlone(current: Running): () => void {
  let timer: unknown;
  const wait = (): void => {
    const seen = current.uses;
    timer = setTimeout(() => {
      const alone = current.uses === seen && [...current.underWay].every(({ withdrawn }) => withdrawn);
      if (alone) void current.end(stopped());
      else wait();
    }, graceMs);
  };
  wait();
  return () => clearTimeout(timer);
}

/** What one job was refused memory for says nothing of the batches of others. */
function reasonFor(request: Request, reason: TwinscopeError, jobId: string | undefined): TwinscopeError {
  const own = jobId !== undefined && request.jobId === jobId;
  return isBatchMemory(reason) && !own ? endedByOthers() : reason;
}

async function settledWithin(promise: Promise<unknown>, ms: number): Promise<void> {
  let timer: unknown;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([promise, late]);
  clearTimeout(timer);
}

/** A connection whose process has ended by now throws at once instead of failing the request. */
async function ask(
  { connection }: Running,
  method: string,
  { input, id, token }: { input: unknown; id: number; token: CancellationToken },
): Promise<unknown> {
  return connection.sendRequest(method, input, id, token);
}

/** The system has no memory or no room left for another process. */
function didNotStart(error: unknown): TwinscopeError {
  const reason = error instanceof Error ? error.message : String(error);
  return new TwinscopeError(
    'compute-failed',
    `The compute process did not start (${reason}). What was finished is saved. Close other programs, then resume.`,
    { restart: true },
  );
}

function closing(): TwinscopeError {
  return new TwinscopeError('cancelled', 'Twinscope is closing.');
}

function endedByOthers(): TwinscopeError {
  return new TwinscopeError(
    'compute-failed',
    'The compute process was ended because other work in it found no memory. What was finished is saved. Try again when that work is done.',
    { restart: true },
  );
}

function stopped(): TwinscopeError {
  return new TwinscopeError('compute-failed', 'The compute process was stopped. What was finished is saved.', {
    restart: true,
  });
}
