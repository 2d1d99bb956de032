/** The search that a plan was made from, as a link to it. */
import { Anchor } from '@mantine/core';
import { Link } from 'wouter';
import type { SearchPlan } from '../../../main/contract/plans.ts';

export function ForkedFrom({ from }: { from: NonNullable<SearchPlan['forkedFrom']> }) {
  return (
    <>
      <Anchor component={Link} href={`/search/${from.search}`} size="xs">
        {from.name}
      </Anchor>
      {from.step === undefined ? '' : `, not ended, at step ${from.step}`}
    </>
  );
}
