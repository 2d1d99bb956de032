/** What a search shows its stimuli to beside the plan's own twin: other twins, other states of the animal, other moments. */
import { z } from 'zod';
import { TwinscopeError } from '../platform/errors.ts';
import { twinRef, type TwinRef } from './planParts.ts';

/** What target terms call a twin by. */
export const twinLabel = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]{0,31}$/, 'a label is a letter, then letters, digits, - or _');

const behaviour = z.record(z.string(), z.number());

/** Shown every stimulus too, at its size in degrees. Labels left out are B, C … in the order of the plan. */
export const otherTwin = z.strictObject({
  twin: twinRef,
  as: twinLabel.optional(),
  /** Of this twin, as `behaviour` is that of the plan's own. */
  behaviour: behaviour.optional(),
});

/** A state of behaviour of the plan's own twin; channels left out are as in the plan's `behaviour`. */
export const behaviourState = z.strictObject({ behaviour, weight: z.number().positive().default(1) });

/** Time from the onset of the clip, whose responses count: whole time bins of every twin. */
export const responseWindow = z.strictObject({ fromMs: z.number().min(0), toMs: z.number().positive() });
export type ResponseWindow = z.infer<typeof responseWindow>;

/** Null stands for the plan's own twin in its first state, whose areas keep their names. */
export type Member = string | null;

export type SearchMembers = {
  /** Label of the plan's own twin. */
  own: string;
  /** At least one; shares are weights over their sum. */
  states: { member: Member; behaviour: Record<string, number> | undefined; share: number }[];
  others: { member: string; twin: TwinRef; behaviour: Record<string, number> | undefined }[];
};

export type MembersPlan = {
  as?: string | undefined;
  with?: z.infer<typeof otherTwin>[] | undefined;
  states?: z.infer<typeof behaviourState>[] | undefined;
  behaviour?: Record<string, number> | undefined;
};

/** Throws 'bad-input' where two twins have the same label. */
export function searchMembers(plan: MembersPlan): SearchMembers {
  const own = plan.as ?? 'A';
  const others = (plan.with ?? []).map(({ twin, as, behaviour: state }, i) => ({
    member: as ?? String.fromCharCode('B'.charCodeAt(0) + i),
    twin,
    behaviour: state,
  }));
  const labels = [own, ...others.map(({ member }) => member)];
  const twice = labels.find((label, i) => labels.indexOf(label) !== i);
  if (twice !== undefined) {
    throw new TwinscopeError(
      'bad-input',
      `Two twins of the plan are called '${twice}', so its target terms cannot tell them apart. Nothing was started. ` +
        'Give each a label of its own with `as`.',
    );
  }
  if (plan.states === undefined) {
    return { own, others, states: [{ member: null, behaviour: plan.behaviour, share: 1 }] };
  }
  const total = plan.states.reduce((sum, { weight }) => sum + weight, 0);
  const states = plan.states.map((state, i) => ({
    // No label has a space, so none is like it.
    member: i === 0 ? null : `state ${i + 1}`,
    behaviour: { ...plan.behaviour, ...state.behaviour },
    share: state.weight / total,
  }));
  return { own, others, states };
}

/** What the session of the plan's own twin is opened with. */
export const firstBehaviour = (plan: MembersPlan): Record<string, number> | undefined =>
  plan.states === undefined ? plan.behaviour : { ...plan.behaviour, ...plan.states[0]?.behaviour };

/** The name of an area among those of all members: 'B: V1'. */
export const memberArea = (member: Member, area: string): string => (member === null ? area : `${member}: ${area}`);

/** The name of a target term's area in the results of its plan. */
export const termArea = (
  { as = 'A' }: MembersPlan,
  { twin, area }: { twin?: string | undefined; area: string },
): string => memberArea(twin === undefined || twin === as ? null : twin, area);
