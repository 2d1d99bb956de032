/** From a protocol plan to the complete, ordered, timed list of trials. */
import type { ProtocolPlan } from '../contract/plans.ts';
import type { ExpandedProtocol, ProtocolStimulus, StimulusSource, Trial } from '../contract/results.ts';
import type { StimulusSpec } from '../contract/stimuli.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { Random, randomGeneratorName } from '../platform/random.ts';
import { formatCount } from '../platform/words.ts';
import { stimulusExtentDeg } from './extent.ts';
import { safeCondition, stimulusNames } from './names.ts';
import { pixelsPerDegAtCentre } from './screen.ts';
import { protocolWarnings } from './warnings.ts';

/** A stimulus as the project knows it, before it has a place and a file name in the protocol. */
export interface ProtocolStimulusInput {
  /** What people call it, e.g. '45° 2 cpd'; becomes part of the file name. */
  label: string;
  /** Trials of one condition are counted together, e.g. 'candidate', 'control: best image'. */
  condition: string;
  spec: StimulusSpec;
  sha256: string;
  thumbnail: string;
  /** Smallest and largest linear luminance where it has been measured. */
  luminance?: { min: number; max: number } | undefined;
  /** Side of the part that differs from the background, degrees, where it has been measured. */
  patternDeg?: number | undefined;
  source?: StimulusSource | undefined;
}

/** More trials than this are a slip of the keyboard: at one second each they last eleven days. */
const mostTrials = 1_000_000;

/**
 * Expands a plan over its stimuli, in the order in which they were listed. A stimulus that is listed twice (equal
 * content hash) takes part once. Throws TwinscopeError 'bad-input' when there is nothing to show or too much of it.
 */
export function expandProtocol(source: {
  plan: ProtocolPlan;
  stimuli: readonly ProtocolStimulusInput[];
  /** Plans of the searches that stimuli came from, by search id. */
  searchPlans?: ExpandedProtocol['searchPlans'];
}): ExpandedProtocol {
  const { plan } = source;
  const seen = new Set<string>();
  const inputs = source.stimuli.filter(({ sha256 }) => !seen.has(sha256) && seen.add(sha256));
  if (inputs.length === 0) {
    throw new TwinscopeError('bad-input', 'This protocol has no stimuli. Add a stimulus set or a search candidate.');
  }
  const perBlock = inputs.length * plan.repeats + plan.blanksPerBlock;
  if (perBlock * plan.blocks > mostTrials) {
    const wanted = formatCount(perBlock * plan.blocks);
    throw new TwinscopeError(
      'bad-input',
      `This protocol would have ${wanted} trials; at most 1,000,000 can be planned. Use fewer repeats or blocks.`,
    );
  }
  const names = stimulusNames(inputs.map((input) => input.label));
  const stimuli = inputs.map((input, index): ProtocolStimulus => ({
    index,
    name: names[index] as string,
    condition: safeCondition(input.condition),
    spec: input.spec,
    sha256: input.sha256,
    thumbnail: input.thumbnail,
    sizeDeg: stimulusExtentDeg(input.spec),
    ...(input.patternDeg !== undefined && input.patternDeg < stimulusExtentDeg(input.spec)
      ? { patternDeg: input.patternDeg }
      : {}),
    ...(input.source === undefined ? {} : { source: input.source }),
  }));
  const trials = timedTrials(plan, blockOrders(plan, stimuli.length));
  const totalFrames = blockFrames(plan, perBlock) * plan.blocks;
  const protocol: ExpandedProtocol = {
    id: null,
    name: plan.name ?? 'Protocol',
    plan,
    display: plan.display,
    stimuli,
    ...(source.searchPlans === undefined ? {} : { searchPlans: source.searchPlans }),
    trials,
    totalFrames,
    minutes: totalFrames / plan.display.refreshHz / 60,
    pixelsPerDegCentre: pixelsPerDegAtCentre(plan.display),
    generator: plan.order.method === 'shuffle' ? randomGeneratorName : 'none',
    warnings: [],
  };
  const left = source.stimuli.length - inputs.length;
  return { ...protocol, warnings: protocolWarnings(protocol, inputs, left) };
}

/** What `blockOrders` does, for people: stands beside the seed in the workbench and in every export. */
export function describeOrder(plan: ProtocolPlan): string {
  if (plan.order.method === 'sequential') {
    return 'Every block shows the stimuli in the listed order, the whole list once per repeat, and then its blanks.';
  }
  return (
    `Every block holds each stimulus as often as it is repeated, and its blanks, in one random order: a Fisher–Yates ` +
    `shuffle of the whole block, one block after the other from one ${randomGeneratorName} generator (seed ` +
    `${plan.order.seed}, stream 'protocol order'). A stimulus may follow itself.`
  );
}

/** For every block the stimulus of each trial; null is a blank. See `describeOrder`. */
function blockOrders(plan: ProtocolPlan, stimuli: number): (number | null)[][] {
  const listed: (number | null)[] = [];
  for (let repeat = 0; repeat < plan.repeats; repeat++) {
    for (let index = 0; index < stimuli; index++) listed.push(index);
  }
  for (let blank = 0; blank < plan.blanksPerBlock; blank++) listed.push(null);
  const random = Random.fromSeed(plan.order.seed, 'protocol order');
  return Array.from({ length: plan.blocks }, () =>
    plan.order.method === 'shuffle' ? random.shuffle(listed) : [...listed],
  );
}

function blockFrames(plan: ProtocolPlan, trials: number): number {
  const { preBlockFrames, stimulusFrames, blankFrames } = plan.timing;
  return preBlockFrames + trials * (stimulusFrames + blankFrames);
}

/** A block is `preBlockFrames` of background and then its trials, each a stimulus (or a blank) and background. */
function timedTrials(plan: ProtocolPlan, orders: (number | null)[][]): Trial[] {
  const { preBlockFrames, stimulusFrames, blankFrames } = plan.timing;
  const trials: Trial[] = [];
  let frame = 0;
  for (const [block, order] of orders.entries()) {
    frame += preBlockFrames;
    for (const stimulus of order) {
      trials.push({
        index: trials.length,
        block,
        stimulus,
        onsetFrame: frame,
        durationFrames: stimulusFrames,
        blankFrames,
      });
      frame += stimulusFrames + blankFrames;
    }
  }
  return trials;
}

/** Trials per condition in order of first appearance in the stimulus list; blanks last. */
export function trialsPerCondition(protocol: Pick<ExpandedProtocol, 'stimuli' | 'trials'>): {
  condition: string;
  stimuli: number;
  trials: number;
}[] {
  const rows = new Map<string, { condition: string; stimuli: number; trials: number }>();
  for (const { condition } of protocol.stimuli) {
    const row = rows.get(condition) ?? { condition, stimuli: 0, trials: 0 };
    row.stimuli++;
    rows.set(condition, row);
  }
  let blanks = 0;
  for (const { stimulus } of protocol.trials) {
    const row = stimulus === null ? undefined : rows.get(protocol.stimuli[stimulus]?.condition ?? '');
    if (row) row.trials++;
    else blanks++;
  }
  return blanks === 0 ? [...rows.values()] : [...rows.values(), { condition: 'blank', stimuli: 0, trials: blanks }];
}
