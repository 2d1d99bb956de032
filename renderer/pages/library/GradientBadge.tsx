import { Badge, Tooltip } from '@mantine/core';
import type { GradientOutcome, TwinSummary } from '../../../main/contract/twins.ts';

const colours: Record<GradientOutcome['verdict'], string> = {
  verified: 'green',
  inconclusive: 'yellow',
  contradicted: 'red',
  refused: 'red',
  none: 'gray',
};

/** What the finite-difference check found here, in one word with its sentence on hover. */
export function GradientBadge({ twin }: { twin: TwinSummary }) {
  const check = twin.gradientCheck;
  if (check === null) return <Badge color="gray">{twin.gradient === 'none' ? 'none' : 'not checked'}</Badge>;
  return (
    <Tooltip label={check.sentence} multiline maw={340}>
      <Badge color={colours[check.verdict]}>{check.verdict}</Badge>
    </Tooltip>
  );
}
