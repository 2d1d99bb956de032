import { MantineProvider } from '@mantine/core';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import { type SearchPlan, searchPlan } from '../../../main/contract/plans.ts';
import { CandidateTile } from './CandidateTile.tsx';
import { PlanSummary } from './PlanSummary.tsx';

const draw = (clip: string | null, selected: boolean): string =>
  renderToStaticMarkup(
    <MantineProvider>
      <CandidateTile
        src="/resource/thumbnail/a.png?spec=x"
        clip={clip}
        label="1: 4 z"
        sizePx={80}
        aperture={undefined}
        selected={selected}
        onSelect={() => undefined}
      />
    </MantineProvider>,
  );

it('a candidate that moves is marked, and plays its frames while it is selected', () => {
  const frames = '/resource/clip/a.png?spec=x';
  expect(draw(frames, true)).toContain('<canvas');
  expect(draw(frames, true)).toContain('▸');
  expect(draw(frames, false)).not.toContain('<canvas');
  expect(draw(frames, false)).toContain('▸');
  for (const selected of [true, false]) {
    expect(draw(null, selected)).not.toContain('<canvas');
    expect(draw(null, selected)).not.toContain('▸');
  }
});

it('a plan that leaves the contrast free says so instead of naming a contrast', () => {
  const plan = (hold: string) =>
    searchPlan.parse({
      format: 1,
      kind: 'search',
      twin: 'test',
      target: [{ area: 'V1' }],
      space: { type: 'pixels' },
      optimiser: { type: 'first-order', rule: 'adamw', hold, steps: 12 },
    }) as SearchPlan;
  const summary = (hold: string): string =>
    renderToStaticMarkup(
      <MantineProvider>
        <PlanSummary plan={plan(hold)} residuals={null} />
      </MantineProvider>,
    );
  expect(summary('every-step')).toContain('RMS contrast</td>');
  expect(summary('every-step')).toContain('pixels, adamw, 12 steps');
  expect(summary('range')).not.toContain('RMS contrast</td>');
  expect(summary('range')).toMatch(/Within the range 0 to 1 and the aperture; mean and RMS contrast are their own/);
});
