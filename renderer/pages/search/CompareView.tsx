/** Two searches side by side: what they found, and against which controls. */
import { Anchor, Group, Stack, Table, Text } from '@mantine/core';
import { Link } from 'wouter';
import { endsInPixels } from '../../../main/contract/plans.ts';
import type { SearchReport } from '../../../main/contract/results.ts';
import { boundedText } from '../../../main/stimuli/constraintWords.ts';
import { controlFamily } from '../../../main/stimuli/controlWords.ts';
import { inclusionText, objectiveText } from '../../../main/stimuli/objectiveWords.ts';
import { outsideTested } from '../../../main/twins/domain.ts';
import { useQueryCall } from '../../client/hooks.ts';
import { AreaColoursOf, useAreaColour } from '../../components/areaColours.tsx';
import { useTested } from '../../components/DomainMark.tsx';
import { formatCount, formatNumber, formatSeconds } from '../../components/format.ts';
import { PageHeader, Pane, Panes, PaneTitle } from '../../components/Page.tsx';
import { PlotFrame } from '../../components/PlotFrame.tsx';
import { Empty, QueryView } from '../../components/states.tsx';
import { AreaBars } from '../../plots/AreaBars.tsx';
import stage from '../../components/StimulusTile.module.css';
import { GoButton } from '../../components/GoButton.tsx';
import { CandidateTile } from './CandidateTile.tsx';
import { evaluationsText, methodText, nameOfGoals, scoreText, shortScore, startText, targetFirst } from './claims.ts';

const tilePx = 104;

/** Rows of the comparison: a label and the two values. */
export function compareRows(a: SearchReport, b: SearchReport): { label: string; values: [string, string] }[] {
  const row = (label: string, value: (report: SearchReport) => string) => ({
    label,
    values: [value(a), value(b)] as [string, string],
  });
  const names = [...new Set([...a.controls, ...b.controls].map(controlFamily))];
  const areas = [
    ...new Set([...a.candidates, ...b.candidates].flatMap((candidate) => candidate.areas.map((area) => area.area))),
  ];
  return [
    row('Twin', ({ plan }) => `${plan.twin.id} ${plan.twin.version ?? ''}`.trim()),
    row('Objective', ({ plan, provenance }) => objectiveText(plan, nameOfGoals(plan, provenance))),
    row('Limits on units', ({ plan }) => inclusionText(plan.include) || 'none'),
    row('Method', ({ plan }) => methodText(plan)),
    row('Mean luminance', ({ plan }) =>
      endsInPixels(plan) ? formatNumber(plan.constraints.meanLuminance) : 'that of each stimulus',
    ),
    row('RMS contrast', ({ plan }) =>
      !endsInPixels(plan)
        ? 'that of each stimulus'
        : plan.constraints.contrastRms === null
          ? 'not held'
          : boundedText(plan.constraints.contrastRms),
    ),
    row('Started from', ({ plan, provenance }) =>
      plan.space.type === 'pixels'
        ? (startText(plan, provenance) ?? `${plan.space.start} noise`)
        : plan.space.type === 'set'
          ? 'every stimulus of the set'
          : 'random parameters',
    ),
    row('Starts, seed', ({ plan }) => `${plan.starts}, ${plan.seed}`),
    row('Reference', (report) => report.referenceName),
    row('Value of the best candidate', ({ plan, candidates }) =>
      candidates[0] ? scoreText(plan, candidates[0].objective) : 'missing',
    ),
    ...names.map((name) =>
      row(name, ({ plan, controls }) => {
        const control = controls.find((candidate) => controlFamily(candidate) === name);
        return control === undefined
          ? 'not measured'
          : `${scoreText(plan, control.best)} (n = ${formatCount(control.n)})`;
      }),
    ),
    ...areas.map((area) =>
      row(`Activity of ${area}`, ({ candidates }) => {
        const found = candidates[0]?.areas.find((candidate) => candidate.area === area);
        return found === undefined ? 'missing' : `${formatNumber(found.z)} z`;
      }),
    ),
    row('Evaluations', evaluationsText),
    row('Time', ({ seconds }) => formatSeconds(seconds)),
  ];
}

function Side({ report, range }: { report: SearchReport; range: readonly [number, number] }) {
  const bars = activityOf(report);
  const tested = useTested(report.provenance.twin.sha256);
  return (
    <Stack gap="sm" style={{ minWidth: 0 }}>
      <PaneTitle
        right={
          <Anchor component={Link} href={`/search/${report.id}`} size="xs">
            Open
          </Anchor>
        }
      >
        {report.name}
      </PaneTitle>
      <div className={stage.stage} style={{ padding: 10 }} role="group" aria-label={`Candidates of ${report.name}`}>
        <Group gap={8}>
          {report.candidates.map((candidate, index) => (
            <CandidateTile
              key={index}
              src={candidate.thumbnail}
              label={shortScore(report.plan, candidate.objective)}
              sizePx={tilePx}
              outside={tested === undefined ? null : outsideTested(tested, candidate.spec)}
              aperture={report.plan.constraints.aperture}
            />
          ))}
        </Group>
      </div>
      {bars.length > 0 && (
        <AreaColoursOf sha256={report.provenance.twin.sha256}>
          <SideBars report={report} areas={bars} range={range} />
        </AreaColoursOf>
      )}
    </Stack>
  );
}

type AreaActivity = { area: string; z: number };

/** Activity of every area for the best candidate; both sides have the same axis. */
function SideBars({
  report,
  areas,
  range,
}: {
  report: SearchReport;
  areas: readonly AreaActivity[];
  range: readonly [number, number];
}) {
  const areaColour = useAreaColour();
  return (
    <PlotFrame
      title={`Activity, ${report.name}`}
      caption="Best candidate; mean over the units of an area, target first. Both searches on the same axis."
      data={() => ({ columns: ['area', 'mean_z'], rows: areas.map(({ area, z }) => [area, z]) })}
    >
      {(width) => (
        <AreaBars
          width={width}
          title="activity (z)"
          range={range}
          bars={areas.map(({ area, z }) => ({ area, colour: areaColour(area), value: z }))}
        />
      )}
    </PlotFrame>
  );
}

const activityOf = ({ candidates, plan }: SearchReport): AreaActivity[] =>
  targetFirst(candidates[0]?.areas ?? [], plan);

/** From the least to the largest activity of both, zero included. */
function rangeOf(...reports: SearchReport[]): readonly [number, number] {
  const values = reports.flatMap((report) => activityOf(report).map(({ z }) => z));
  return [Math.min(0, ...values), Math.max(0, ...values)];
}

export function CompareView({ query }: { query: URLSearchParams }) {
  const a = query.get('a');
  const b = query.get('b');
  const first = useQueryCall('searches.get', { id: a ?? '' }, { enabled: a !== null });
  const second = useQueryCall('searches.get', { id: b ?? '' }, { enabled: b !== null });
  if (a === null || b === null) {
    return (
      <Empty title="Nothing to compare" action={<GoButton to="/search">Open searches</GoButton>}>
        Open a finished search and choose Compare.
      </Empty>
    );
  }
  return (
    <QueryView query={first}>
      {(left) => (
        <QueryView query={second}>
          {(right) => (
            <>
              <PageHeader title="Compare" detail={`${left.name} and ${right.name}`} />
              <Panes>
                <Pane label="Comparison">
                  <div style={{ display: 'grid', gridTemplateColumns: '1fr 1fr', gap: 16 }}>
                    <Side report={left} range={rangeOf(left, right)} />
                    <Side report={right} range={rangeOf(left, right)} />
                  </div>
                  <Table aria-label="Comparison" layout="fixed">
                    <Table.Thead>
                      <Table.Tr>
                        <Table.Th w="12rem" />
                        <Table.Th>{left.name}</Table.Th>
                        <Table.Th>{right.name}</Table.Th>
                      </Table.Tr>
                    </Table.Thead>
                    <Table.Tbody>
                      {compareRows(left, right).map(({ label, values }) => (
                        <Table.Tr key={label}>
                          <Table.Td>{label}</Table.Td>
                          <Table.Td fw={values[0] === values[1] ? 400 : 600}>{values[0]}</Table.Td>
                          <Table.Td fw={values[0] === values[1] ? 400 : 600}>{values[1]}</Table.Td>
                        </Table.Tr>
                      ))}
                    </Table.Tbody>
                  </Table>
                  <Text size="xs" c="dimmed">
                    Differences are set in bold. Values of an objective can be compared only where twin, objective,
                    target and reference are the same; activities where twin and reference are.
                  </Text>
                </Pane>
              </Panes>
            </>
          )}
        </QueryView>
      )}
    </QueryView>
  );
}
