/** Trials over frames: zoomable, with tiles where there is room; only what is in view is drawn. */
import { ActionIcon, Group, Text, Tooltip } from '@mantine/core';
import { useElementSize, useMergedRef } from '@mantine/hooks';
import { IconZoomIn, IconZoomOut } from '@tabler/icons-react';
import { scaleLinear } from 'd3';
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import type { ExpandedProtocol, Trial } from '../../../main/contract/results.ts';
import { formatCount, formatNumber } from '../../components/format.ts';
import { PaneTitle } from '../../components/Page.tsx';
import { round, tickFontPx } from '../../plots/axes.tsx';
import { blocksOf, clampView, trialEnd, visibleTrials, zoomView, type View } from './timeline.ts';

const overviewPx = 12;
const tilePx = 44;
const smallestTilePx = 18;
const stripTop = overviewPx + 20;
const stripPx = tilePx + 12;
const heightPx = stripTop + stripPx + 34;
/** More bars than this are a grey surface; blocks are drawn instead. */
const mostBars = 1500;
/** Frames in view when a protocol is first shown. */
const firstFrames = 420;

function label(protocol: ExpandedProtocol, trial: Trial): string {
  const stimulus = trial.stimulus === null ? undefined : protocol.stimuli[trial.stimulus];
  const what = stimulus === undefined ? 'blank' : `${stimulus.name}, ${stimulus.condition}`;
  return `Trial ${trial.index + 1}, block ${trial.block + 1}: ${what}, frame ${formatCount(trial.onsetFrame)}`;
}

function Bars({ protocol, view, width }: { protocol: ExpandedProtocol; view: View; width: number }) {
  const [first, last] = visibleTrials(protocol, view, width);
  if (last - first > mostBars) {
    return (
      <text
        x={width / 2}
        y={stripTop + stripPx / 2}
        dy="0.32em"
        textAnchor="middle"
        fontSize={tickFontPx}
        fill="var(--stage-ink)"
      >
        {formatCount(last - first)} trials in view: zoom in to see them
      </text>
    );
  }
  const x = (frame: number) => (frame - view.startFrame) / view.framesPerPx;
  return protocol.trials.slice(first, last).map((trial) => {
    const stimulus = trial.stimulus === null ? undefined : protocol.stimuli[trial.stimulus];
    const from = x(trial.onsetFrame);
    const lit = trial.durationFrames / view.framesPerPx;
    const room = (trialEnd(trial) - trial.onsetFrame) / view.framesPerPx;
    const tile = Math.min(tilePx, room - 2);
    return (
      <g key={trial.index}>
        <title>{label(protocol, trial)}</title>
        <rect
          x={round(from)}
          width={round(Math.max(1, lit))}
          y={stripTop + stripPx - 8}
          height={6}
          fill={stimulus === undefined ? 'none' : 'var(--stage-ink)'}
          stroke="var(--stage-ink)"
          strokeWidth={0.75}
        />
        {stimulus !== undefined && tile >= smallestTilePx && (
          <image
            href={stimulus.thumbnail}
            x={round(from)}
            y={round(stripTop + 2 + (tilePx - tile) / 2)}
            width={round(tile)}
            height={round(tile)}
          />
        )}
        {stimulus === undefined && room >= tilePx && (
          <text x={round(from) + 2} y={stripTop + stripPx / 2} fontSize={tickFontPx} fill="var(--stage-ink)">
            blank
          </text>
        )}
      </g>
    );
  });
}

type Block = ReturnType<typeof blocksOf>[number];

function Overview({
  protocol,
  blocks,
  view,
  width,
}: {
  protocol: ExpandedProtocol;
  blocks: readonly Block[];
  view: View;
  width: number;
}) {
  const x = scaleLinear([0, protocol.totalFrames], [0, width]);
  return (
    <g data-overview>
      {blocks.slice(0, 400).map(({ block, from, to }) => (
        <rect
          key={block}
          x={round(x(from))}
          width={round(Math.max(0.5, x(to) - x(from) - 1))}
          y={0}
          height={overviewPx}
          fill="currentColor"
          fillOpacity={0.15}
        />
      ))}
      <rect
        x={round(x(view.startFrame))}
        width={round(Math.max(3, x(view.framesPerPx * width) - x(0)))}
        y={0.5}
        height={overviewPx - 1}
        fill="var(--mantine-primary-color-filled)"
        fillOpacity={0.25}
        stroke="var(--mantine-primary-color-filled)"
      />
    </g>
  );
}

export function Timeline({
  protocol,
  frame,
  onSeek,
}: {
  protocol: ExpandedProtocol;
  /** Position of the player. */
  frame: number;
  onSeek: (frame: number) => void;
}) {
  const { ref: sizeRef, width } = useElementSize<HTMLDivElement>();
  const box = useRef<HTMLDivElement>(null);
  const ref = useMergedRef(box, sizeRef);
  const [wanted, setWanted] = useState<View>({ startFrame: 0, framesPerPx: 0 });
  const total = protocol.totalFrames;
  const blocks = useMemo(() => blocksOf(protocol, protocol.plan.timing.preBlockFrames), [protocol]);
  const view = clampView(
    wanted.framesPerPx === 0 ? { startFrame: 0, framesPerPx: firstFrames / Math.max(1, width) } : wanted,
    total,
    width,
  );
  const latest = useRef({ view, total, width });
  useEffect(() => {
    latest.current = { view, total, width };
  });

  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const now = latest.current;
      const at = event.clientX - element.getBoundingClientRect().left;
      if (event.ctrlKey || event.metaKey || Math.abs(event.deltaY) > Math.abs(event.deltaX)) {
        setWanted(zoomView(now.view, 2 ** (event.deltaY / 240), at, now.total, now.width));
      } else {
        const startFrame = now.view.startFrame + event.deltaX * now.view.framesPerPx;
        setWanted(clampView({ ...now.view, startFrame }, now.total, now.width));
      }
    };
    // React listens passively, so the page would scroll as well.
    element.addEventListener('wheel', wheel, { passive: false });
    return () => element.removeEventListener('wheel', wheel);
  }, []);

  // The playhead stays in view while it moves.
  const end = view.startFrame + width * view.framesPerPx;
  if (width > 0 && wanted.framesPerPx > 0 && frame > end && frame <= end + width * view.framesPerPx) {
    setWanted(clampView({ ...view, startFrame: frame - 0.1 * width * view.framesPerPx }, total, width));
  }

  const zoom = (factor: number) => setWanted(zoomView(view, factor, width / 2, total, width));
  const pan = (share: number) =>
    setWanted(clampView({ ...view, startFrame: view.startFrame + share * width * view.framesPerPx }, total, width));

  function press(event: PointerEvent<HTMLDivElement>) {
    const bounds = event.currentTarget.getBoundingClientRect();
    const x = event.clientX - bounds.left;
    if (event.clientY - bounds.top <= overviewPx + 4) {
      const centre = (x / width) * total;
      setWanted(clampView({ ...view, startFrame: centre - (width * view.framesPerPx) / 2 }, total, width));
    } else {
      onSeek(Math.min(total - 1, Math.max(0, Math.floor(view.startFrame + x * view.framesPerPx))));
    }
  }
  function key(event: KeyboardEvent) {
    const act = {
      ArrowLeft: () => pan(-0.25),
      ArrowRight: () => pan(0.25),
      '+': () => zoom(0.5),
      '=': () => zoom(0.5),
      '-': () => zoom(2),
      Home: () => setWanted(clampView({ ...view, startFrame: 0 }, total, width)),
      End: () => setWanted(clampView({ ...view, startFrame: total }, total, width)),
    }[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  }

  const x = scaleLinear([view.startFrame, view.startFrame + width * view.framesPerPx], [0, width]);
  const hz = protocol.display.refreshHz;
  return (
    <section aria-label="Timeline">
      <PaneTitle
        right={
          <Group gap={2}>
            <Tooltip label="Zoom out">
              <ActionIcon size="sm" aria-label="Zoom out" onClick={() => zoom(2)}>
                <IconZoomOut size={15} />
              </ActionIcon>
            </Tooltip>
            <Tooltip label="Zoom in">
              <ActionIcon size="sm" aria-label="Zoom in" onClick={() => zoom(0.5)}>
                <IconZoomIn size={15} />
              </ActionIcon>
            </Tooltip>
          </Group>
        }
      >
        Timeline
      </PaneTitle>
      <div
        ref={ref}
        tabIndex={0}
        role="group"
        aria-label="Trials over frames; arrows move, plus and minus zoom"
        onPointerDown={press}
        onKeyDown={key}
        style={{ cursor: 'pointer', height: heightPx, userSelect: 'none' }}
      >
        {width > 0 && (
          <svg width={width} height={heightPx} style={{ display: 'block' }}>
            <Overview protocol={protocol} blocks={blocks} view={view} width={width} />
            {blocks
              .filter(({ from, to }) => to > view.startFrame && from < end)
              .slice(0, 60)
              .map(({ block, from }) => (
                <text
                  key={block}
                  x={round(Math.max(2, x(from) + 2))}
                  y={stripTop - 6}
                  fontSize={tickFontPx}
                  fill="currentColor"
                >
                  block {block + 1}
                </text>
              ))}
            <rect x={0} y={stripTop} width={width} height={stripPx} fill="var(--stage)" />
            <Bars protocol={protocol} view={view} width={width} />
            {x
              .ticks(Math.max(2, Math.floor(width / 110)))
              .filter(Number.isInteger)
              .map((tick) => (
                <g
                  key={tick}
                  transform={`translate(${round(x(tick))},${stripTop + stripPx})`}
                  fontSize={tickFontPx}
                  fill="currentColor"
                >
                  <line y2={5} stroke="currentColor" />
                  <text y={16} textAnchor={x(tick) < 20 ? 'start' : 'middle'}>
                    {formatCount(tick)}
                  </text>
                  <text y={29} textAnchor={x(tick) < 20 ? 'start' : 'middle'} fillOpacity={0.65}>
                    {formatNumber(tick / hz)} s
                  </text>
                </g>
              ))}
            {frame >= view.startFrame && frame <= end && (
              <line
                x1={round(x(frame))}
                x2={round(x(frame))}
                y1={stripTop - 4}
                y2={stripTop + stripPx + 3}
                stroke="var(--mantine-primary-color-filled)"
                strokeWidth={2}
              />
            )}
          </svg>
        )}
      </div>
      <Text size="xs" c="dimmed">
        Frames of {formatNumber(hz, 5)} Hz and seconds. Filled: stimulus; outlined: blank trial.
      </Text>
    </section>
  );
}
