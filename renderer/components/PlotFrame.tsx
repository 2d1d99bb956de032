/** The frame of every plot: title, measured width, caption, and a menu that saves it as SVG, PNG or CSV. */
import { ActionIcon, Group, Menu, Text, Tooltip } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { IconDownload } from '@tabler/icons-react';
import { useRef, type ReactNode } from 'react';
import { announceError } from './errors.tsx';
import { safeFileName, saveBlob, svgText, svgToPng, toCsv, type PlotData } from './exportPlot.ts';
import { PaneTitle } from './Page.tsx';

/** A frame that is narrower has its controls under the title. */
const besidePx = 460;

export function PlotFrame({
  title,
  caption,
  controls,
  data,
  children,
}: {
  title: string;
  /** What was measured over what: n units, n stimuli, the reference set. */
  caption?: ReactNode;
  controls?: ReactNode;
  /** The numbers behind the drawing, made when they are asked for. */
  data: () => PlotData;
  /** Draws one `<svg>` for the width there is, in CSS pixels. */
  children: (widthPx: number) => ReactNode;
}) {
  const { ref, width } = useElementSize<HTMLDivElement>();
  const figure = useRef<HTMLElement>(null);
  // Beside the title there is no room for them.
  const below = width > 0 && width < besidePx;
  const name = safeFileName(title);
  const withSvg = (act: (svg: SVGSVGElement) => void) => () => {
    const svg = figure.current?.querySelector<SVGSVGElement>('svg[data-plot]');
    if (svg) act(svg);
  };
  return (
    <figure ref={figure} aria-label={title} style={{ margin: 0, minWidth: 0 }}>
      <PaneTitle
        right={
          <Group gap="xs">
            {!below && controls}
            <Menu position="bottom-end">
              <Menu.Target>
                <Tooltip label="Save this plot">
                  <ActionIcon aria-label={`Save ${title}`} size="sm">
                    <IconDownload size={14} />
                  </ActionIcon>
                </Tooltip>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item
                  onClick={withSvg((svg) =>
                    saveBlob(new Blob([svgText(svg)], { type: 'image/svg+xml' }), `${name}.svg`),
                  )}
                >
                  Drawing (SVG)
                </Menu.Item>
                <Menu.Item
                  onClick={withSvg((svg) => {
                    svgToPng(svg).then((blob) => saveBlob(blob, `${name}.png`), announceError);
                  })}
                >
                  Picture (PNG)
                </Menu.Item>
                <Menu.Item onClick={() => saveBlob(new Blob([toCsv(data())], { type: 'text/csv' }), `${name}.csv`)}>
                  Data (CSV)
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </Group>
        }
      >
        {title}
      </PaneTitle>
      {below && controls}
      <div ref={ref} style={{ minWidth: 0 }}>
        {width > 0 && children(Math.floor(width))}
      </div>
      {caption !== undefined && (
        <Text component="figcaption" size="xs" c="dimmed" mt={4}>
          {caption}
        </Text>
      )}
    </figure>
  );
}
