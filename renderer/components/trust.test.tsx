/** What is said about twins beside their names and predictions, as a screen reader hears it. */
import { MantineProvider } from '@mantine/core';
import { renderToStaticMarkup } from 'react-dom/server';
import type { ReactElement } from 'react';
import { expect, it } from 'vitest';
import type { StimulusSpec } from '../../main/contract/stimuli.ts';
import type { Control } from '../../main/contract/results.ts';
import { foundBySearch } from '../../main/twins/domain.ts';
import { CandidateTile } from '../pages/search/CandidateTile.tsx';
import { DomainList } from '../pages/search/EvidencePane.tsx';
import { areaColour } from '../plots/colours.ts';
import { AreaColours } from './areaColours.tsx';
import { AreaLabel } from './AreaLabel.tsx';
import { StimulusTile } from './StimulusTile.tsx';
import { TrustChips } from './TrustChips.tsx';

const draw = (element: ReactElement): string =>
  renderToStaticMarkup(<MantineProvider env="test">{element}</MantineProvider>).replaceAll(
    /<style[\s\S]*?<\/style>/g,
    '',
  );
const textOf = (html: string): string => html.replaceAll(/<[^>]+>/g, '|').replaceAll(/\|+/g, '|');

it('chips say restrictions and gaps in words; where a twin is open only those are shown', () => {
  const licences = { code: 'MIT', weights: 'CC-BY-NC-4.0', data: 'NOASSERTION' };
  expect(textOf(draw(<TrustChips twin={{ licences, commercialUse: false }} />))).toBe(
    '|CC-BY-NC-4.0, non-commercial|data not stated|',
  );
  const free = { licences: { code: 'MIT', weights: 'MIT', data: 'NONE' }, commercialUse: true };
  expect(textOf(draw(<TrustChips twin={free} />))).toBe('|MIT|');
  expect(draw(<TrustChips twin={free} onlyWarnings />)).toBe('');
});

it('tiles read their reason aloud with their label, and nothing more where there is none', () => {
  const marked = draw(
    <StimulusTile src="data:," label="45°" sizePx={80} outside={foundBySearch} onSelect={() => undefined} />,
  );
  expect(marked).toContain('aria-label="45°. Found by search: outside what the twin was tested with."');
  expect(marked).toContain('alt="45°. Found by search: outside what the twin was tested with."');
  const plain = draw(<StimulusTile src="data:," label="45°" sizePx={80} onSelect={() => undefined} />);
  expect(plain).toContain('aria-label="45°"');
  expect(plain).not.toContain('<svg');
  const candidate = draw(
    <CandidateTile
      src="data:,"
      label="1: 4 z"
      sizePx={80}
      aperture={undefined}
      outside={foundBySearch}
      onSelect={() => undefined}
    />,
  );
  expect(candidate).toContain('aria-label="Candidate 1: 4 z. Found by search: outside what the twin was tested with."');
});

it('the report names the candidate and the controls that lie outside, each with its reason', () => {
  const raster: StimulusSpec = { type: 'raster', arraySha256: 'a'.repeat(64), sizeDeg: 8 };
  const control = (kind: Control['kind'], sourceSpec: StimulusSpec | null): Control => ({
    kind,
    label: kind,
    n: 40,
    best: 1,
    median: 0,
    values: [],
    beaten: true,
    spec: raster,
    sourceSpec,
    sha256: null,
    thumbnail: null,
  });
  const image: StimulusSpec = {
    type: 'image',
    imageSha256: 'b'.repeat(64),
    sizeDeg: 8,
    fit: 'cover',
    xDeg: 0,
    yDeg: 0,
  };
  const report = { controls: [control('random', null), control('best-of-set', image)] };
  const list = (tested: Parameters<typeof DomainList>[0]['tested']) =>
    textOf(draw(<DomainList report={report} candidate={{ spec: raster }} tested={tested} />));
  expect(list({ stimuli: ['image'] })).toBe(
    '|Tested domain|Candidate: found by search: outside what the twin was tested with.|Random 40: tested with photographs, not with noise images.|',
  );
  expect(list({ stimuli: ['image', 'noise', 'raster'] })).toBe('');
  expect(list(null)).toMatch(/Its author states no tested domain: whether this lies inside is not known/);
  expect(list(undefined)).toBe('');
});

it('an area has the colour that its twin gives it, in a run as in the library', () => {
  const inLibrary = draw(<AreaLabel area="VISp" colourOf="V1" />);
  const inRun = draw(
    <AreaColours value={new Map([['VISp', 'V1']])}>
      <AreaLabel area="VISp" />
    </AreaColours>,
  );
  expect(inLibrary).toContain(areaColour('V1'));
  expect(inRun).toBe(inLibrary);
  // Of a twin that is not there any more only the name is known.
  expect(draw(<AreaLabel area="VISp" />)).toContain(areaColour('VISp'));
});
