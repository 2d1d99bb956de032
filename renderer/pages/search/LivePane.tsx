/** The LIVE column: candidates on the stage grey, and the trajectory with the controls behind it. */
import { Box, Group, Switch, Text } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useState } from 'react';
import type { JobSnapshot } from '../../../main/contract/jobs.ts';
import { usesGradient } from '../../../main/contract/plans.ts';
import type { SearchReport } from '../../../main/contract/results.ts';
import { thumbnailDegOf } from '../../../main/contract/thumbnails.ts';
import type { TestedDomain } from '../../../main/contract/twins.ts';
import { endsInPixels } from '../../../main/contract/plans.ts';
import { outsideSpace, outsideTested } from '../../../main/twins/domain.ts';
import type { LiveSearch } from '../../client/stores.ts';
import { useAreaColour } from '../../components/areaColours.tsx';
import { formatNumber, plural } from '../../components/format.ts';
import { JobBar } from '../../components/JobBar.tsx';
import { PlotFrame } from '../../components/PlotFrame.tsx';
import stage from '../../components/StimulusTile.module.css';
import { CandidateTile, zoomedDeg } from './CandidateTile.tsx';
import { controlName } from './claims.ts';
import { Trajectory } from './Trajectory.tsx';

const smallestTilePx = 116;
const largestTilePx = 232;
const gapPx = 10;
const paddingPx = 12;

/** A few candidates are shown large in one row, many in rows of small tiles. */
function tileSize(count: number, widthPx: number): number {
  const fitting = Math.floor((widthPx - 2 * paddingPx - (count - 1) * gapPx) / Math.max(1, count));
  return Math.min(largestTilePx, Math.max(smallestTilePx, fitting));
}

/** What the twin was tested with; undefined where the library lacks it. */
type Tested = TestedDomain | null | undefined;

interface Tile {
  readonly src: string;
  /** Side of the field that the picture shows. */
  readonly fieldDeg: number;
  readonly label: string;
  /** Why it lies outside what the twin was tested with. */
  readonly outside: string | null;
}

/** Candidates when there are some, otherwise what the running search shows of each start. */
function tilesOf(
  report: SearchReport | undefined,
  live: LiveSearch | null,
  tested: Tested,
  twinFieldDeg: number,
): Tile[] {
  if (report !== undefined && report.candidates.length > 0) {
    return report.candidates.map((candidate, index) => ({
      src: candidate.thumbnail,
      fieldDeg: thumbnailDegOf(candidate.thumbnail),
      label: `${index + 1}: ${formatNumber(candidate.objective)} z`,
      outside: tested === undefined ? null : outsideTested(tested, candidate.spec),
    }));
  }
  const outside =
    tested === undefined || report === undefined
      ? null
      : outsideSpace(tested, endsInPixels(report.plan) ? 'pixels' : '');
  return (live?.tiles ?? []).map((src, start) => {
    const best = live?.best[start];
    return {
      src,
      fieldDeg: twinFieldDeg,
      label: `start ${start + 1}${best === undefined ? '' : `: ${formatNumber(best)} z`}`,
      outside,
    };
  });
}

function stepsOf(report: SearchReport | undefined, live: LiveSearch | null): number {
  if (report !== undefined && usesGradient(report.plan.optimiser)) return report.plan.optimiser.steps;
  return Math.max(live?.steps ?? 0, report?.trajectory.at(-1)?.step ?? 0);
}

export function LivePane({
  report,
  live,
  job,
  selected,
  onSelect,
  tested,
  twinFieldDeg,
}: {
  report: SearchReport | undefined;
  live: LiveSearch | null;
  job: JobSnapshot | null;
  /** Position in the list of candidates. */
  selected: number;
  onSelect: (index: number) => void;
  tested: Tested;
  /** Side of the twin's field, degrees: what a search shows while it runs is drawn on all of it. */
  twinFieldDeg: number;
}) {
  const areaColour = useAreaColour();
  const { ref, width } = useElementSize<HTMLDivElement>();
  const tiles = tilesOf(report, live, tested, twinFieldDeg);
  const fieldDeg = tiles[0]?.fieldDeg ?? twinFieldDeg;
  const points =
    live !== null && live.trajectory.length > (report?.trajectory.length ?? 0)
      ? live.trajectory
      : (report?.trajectory ?? []);
  const [zoomed, setZoomed] = useState(report !== undefined && endsInPixels(report.plan));
  const aperture = report?.plan.constraints.aperture;
  const finished = report !== undefined && report.candidates.length > 0;
  return (
    <>
      {job !== null && (
        <Box p="md" style={{ borderBottom: '1px solid var(--line)' }}>
          <JobBar job={job} showTitle={false} />
        </Box>
      )}
      {aperture !== undefined && (
        <Group px="md" py={6} justify="space-between" style={{ borderBottom: '1px solid var(--line)' }}>
          <Switch
            label="Zoom to the aperture"
            checked={zoomed}
            onChange={(event) => setZoomed(event.currentTarget.checked)}
          />
          <Text size="xs" c="dimmed">
            {zoomed
              ? `each tile is about ${formatNumber(zoomedDeg(aperture, fieldDeg), 2)}°`
              : `each tile is ${formatNumber(fieldDeg)}° of the visual field`}
          </Text>
        </Group>
      )}
      <div
        className={stage.stage}
        role="group"
        aria-label={finished ? 'Candidates' : 'Best of each start'}
        style={{ padding: paddingPx, minHeight: 160 }}
        ref={ref}
      >
        {tiles.length === 0 ? (
          <Text size="xs" style={{ color: 'var(--stage-ink)' }}>
            {report?.state === 'partial' && job === null
              ? 'This search ended before it had candidates.'
              : 'The best candidate of each start appears here.'}
          </Text>
        ) : (
          <Group gap={gapPx}>
            {tiles.map((tile, index) => (
              <CandidateTile
                key={index}
                src={tile.src}
                fieldDeg={tile.fieldDeg}
                label={tile.label}
                outside={tile.outside}
                sizePx={tileSize(tiles.length, width)}
                aperture={zoomed ? aperture : undefined}
                selected={finished && index === selected}
                onSelect={finished ? () => onSelect(index) : undefined}
              />
            ))}
          </Group>
        )}
      </div>
      {points.length > 1 && (
        <Box p="md" style={{ borderTop: '1px solid var(--line)', flex: '0 0 auto' }}>
          <PlotFrame
            title="Trajectory"
            caption={
              finished
                ? `Solid: best of ${plural(report.plan.starts, 'start')}; dashed: their median. Bands: median to best of each control.`
                : 'Solid: best start; dashed: median of the starts. Controls are measured with the search.'
            }
            data={() => ({
              columns: ['step', 'best_z', 'median_z'],
              rows: points.map((point) => [point.step, point.best, point.median]),
            })}
          >
            {(width) => (
              <Trajectory
                width={width}
                points={points}
                steps={stepsOf(report, live)}
                bands={(report?.controls ?? []).map((control) => ({
                  label: controlName(control),
                  low: control.median,
                  high: control.best,
                }))}
                colour={areaColour(report?.plan.target[0]?.area ?? '')}
              />
            )}
          </PlotFrame>
        </Box>
      )}
    </>
  );
}
