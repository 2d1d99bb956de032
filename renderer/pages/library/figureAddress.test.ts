/** Cards load figures of their own package and nothing else. */
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import Markdown from 'react-markdown';
import { expect, it } from 'vitest';
import type { TwinDetails } from '../../../main/contract/twins.ts';
import { CardFigure } from './CardFigure.tsx';
import { figureAddress } from './figureAddress.ts';

const twin = {
  id: 'a-twin',
  version: '1.2.0',
  files: { 'figures/size.svg': '0', 'model.onnx': '0', 'figures/page.html': '0', 'figures/deep/size.svg': '0' },
};

it('a figure of the package has an address', () => {
  expect(figureAddress(twin, 'figures/size.svg')).toBe('/resource/twin/a-twin@1.2.0/figures/size.svg');
});

it.each([
  'figures/other.svg',
  'figures/page.html',
  'figures/deep/size.svg',
  'figures/../model.onnx',
  'model.onnx',
  '/figures/size.svg',
  'https://example.org/figures/size.svg',
  'data:image/svg+xml,<svg/>',
  'figures/size.svg?x=1',
  'figures/constructor',
  undefined,
  null,
])('%s has none', (source) => {
  expect(figureAddress(twin, source)).toBe(null);
});

it('a card shows figures of its package, and words in place of any other picture', () => {
  const img = ({ src, alt }: { src?: unknown; alt?: string }) =>
    createElement(CardFigure, { twin: { manifest: twin } as unknown as TwinDetails, src, alt: alt ?? '' });
  const card = '![Sizes](figures/size.svg)\n\n![Spy](https://example.org/spy.svg)\n';
  const html = renderToStaticMarkup(createElement(Markdown, { components: { img } }, card));
  expect(html).toContain('<img src="/resource/twin/a-twin@1.2.0/figures/size.svg" alt="Sizes"');
  expect(html).toContain('<em>Spy</em>');
  expect(html).not.toContain('example.org');
});
