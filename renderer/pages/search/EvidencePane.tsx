/** The EVIDENCE column: what the candidate does to every area, and which controls it beats. */
import { Divider, Group, Stack, Table, Text } from '@mantine/core';
import { IconCheck, IconX } from '@tabler/icons-react';
import type { Candidate, SearchReport } from '../../../main/contract/results.ts';
import { unconstrainedText } from '../../../main/stimuli/constraintWords.ts';
import { evidenceSections } from '../../../main/stimuli/evidenceWords.ts';
import type { TestedDomain } from '../../../main/contract/twins.ts';
import { scoreWords } from '../../../main/stimuli/objectiveWords.ts';
import { responseWords } from '../../../main/stimuli/reportWords.ts';
import { domainSentence, noTestedDomain, outsideTested, outsideTestedControl } from '../../../main/twins/domain.ts';
import type { LiveSearch } from '../../client/stores.ts';
import { useAreaColour } from '../../components/areaColours.tsx';
import { formatNumber, formatSeconds, plural, unitsInShort } from '../../components/format.ts';
import { DomainNotice } from '../../components/DomainMark.tsx';
import { PaneTitle } from '../../components/Page.tsx';
import { PlotFrame } from '../../components/PlotFrame.tsx';
import { ProvenancePanel } from '../../components/ProvenancePanel.tsx';
import { AreaBars } from '../../plots/AreaBars.tsx';
import { claimsOf, controlName, evaluationsText, targetFirst } from './claims.ts';
import { ControlStrip } from './ControlStrip.tsx';
import { ConstraintTable } from './PlanSummary.tsx';

/** More units than this are a list, not evidence. */
const mostUnits = 24;
const mostUnitBars = 6;

/** The candidate and the controls that lie outside what the twin was tested with, each with the reason. */
export function DomainList({
  report,
  candidate,
  tested,
}: {
  report: Pick<SearchReport, 'controls'>;
  candidate: Pick<Candidate, 'spec'>;
  tested: TestedDomain | null | undefined;
}) {
  if (tested === undefined) return null;
  const rows = [
    { name: 'Candidate', reason: outsideTested(tested, candidate.spec) },
    ...report.controls.map((control) => ({
      name: controlName(control).replace(/^./, (letter) => letter.toUpperCase()),
      reason: outsideTestedControl(tested, control),
    })),
  ];
  const outside = rows.flatMap(({ name, reason }) => (reason === null ? [] : [{ name, reason }]));
  if (outside.length === 0) return null;
  return (
    <Stack gap={4}>
      <PaneTitle>Tested domain</PaneTitle>
      {tested === null ? (
        <DomainNotice sentence={domainSentence(noTestedDomain)} />
      ) : (
        outside.map(({ name, reason }) => <DomainNotice key={name} sentence={`${name}: ${reason}.`} />)
      )}
    </Stack>
  );
}

/** What was found out about the best candidate, in the words of the printed report. */
export function FindingList({ report }: { report: SearchReport }) {
  return evidenceSections(report).map(({ title, sentences, table }) => (
    <Stack gap={4} key={title}>
      <PaneTitle>{title}</PaneTitle>
      {sentences.map((sentence) => (
        <Text size="xs" key={sentence}>
          {sentence}
        </Text>
      ))}
      {table.columns.length > 0 && (
        <Table.ScrollContainer minWidth={0}>
          <Table aria-label={title} fz="xs">
            <Table.Thead>
              <Table.Tr>
                {table.columns.map((column) => (
                  <Table.Th key={column}>{column}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {table.rows.map((row) => (
                <Table.Tr key={row.join('/')}>
                  {row.map((cell, i) => (
                    <Table.Td key={table.columns[i]}>{cell}</Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Stack>
  ));
}

export function EvidencePane({
  report,
  live,
  selected,
  tested,
}: {
  report: SearchReport;
  live: LiveSearch | null;
  selected: number;
  /** What the twin was tested with; undefined where the library lacks it. */
  tested: TestedDomain | null | undefined;
}) {
  const areaColour = useAreaColour();
  const { plan, controls } = report;
  const score = scoreWords(plan.objective.type);
  const candidate = report.candidates[selected] ?? report.candidates[0];
  const responses = responseWords(
    { plan, responseUnits: unitsInShort(report.responseUnits) },
    (candidate?.units ?? []).map(({ area }) => area),
  );
  const areas = targetFirst(candidate?.areas ?? live?.areas ?? [], plan);
  // Targeted units stand before the areas: they are what the search was about.
  const targeted = candidate?.units ?? live?.units ?? [];
  const units = targeted.length <= mostUnitBars ? targeted : [];
  const bars = [
    ...units.map((unit) => ({ area: `${unit.area} ${unit.unit}`, colour: areaColour(unit.area), value: unit.z })),
    ...areas.map((row) => ({ area: row.area, colour: areaColour(row.area), value: row.z })),
  ];
  const reference =
    report.referenceName === ''
      ? ''
      : ` Reference: ${report.referenceName}, ${plural(report.referenceStimuli, 'stimulus', 'stimuli')}.`;
  return (
    <Stack gap="md">
      <PlotFrame
        title="Activity"
        caption={`Predicted by ${plan.twin.id}; areas: mean over their units; target first.${reference}`}
        data={() => ({ columns: ['area_or_unit', 'mean_z'], rows: bars.map((bar) => [bar.area, bar.value]) })}
      >
        {(width) =>
          areas.length === 0 ? (
            <Text size="xs" c="dimmed">
              Appears with the first step.
            </Text>
          ) : (
            <AreaBars width={width} title="activity (z)" bars={bars} />
          )
        }
      </PlotFrame>
      {candidate !== undefined && candidate.units.length > 0 && candidate.units.length <= mostUnits && (
        <Table aria-label="Targeted units">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Unit</Table.Th>
              <Table.Th ta="right">{responses.heading('Response')}</Table.Th>
              <Table.Th ta="right">{responses.heading('Blank')}</Table.Th>
              <Table.Th ta="right">z</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {candidate.units.map((unit) => (
              <Table.Tr key={`${unit.area}/${unit.unit}`}>
                <Table.Td>
                  {unit.area} {unit.unit}
                </Table.Td>
                <Table.Td ta="right">{responses.text(unit.area, unit.response)}</Table.Td>
                <Table.Td ta="right">{responses.text(unit.area, unit.blank)}</Table.Td>
                <Table.Td ta="right">{formatNumber(unit.z)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {candidate !== undefined && controls.length > 0 && (
        <>
          <PlotFrame
            title="Against controls"
            caption="Line: all samples; box: 5 to 95 %; tick: median; dot: best."
            data={() => ({
              columns: ['control', score.column],
              rows: [
                ['candidate', candidate.objective],
                ...controls.flatMap((control) => control.values.map((value) => [control.label, value] as const)),
              ],
            })}
          >
            {(width) => (
              <ControlStrip
                width={width}
                rows={controls.map((control) => ({ label: controlName(control), values: control.values }))}
                candidate={candidate.objective}
                colour={areaColour(plan.target[0]?.area ?? '')}
                title={score.axis}
              />
            )}
          </PlotFrame>
          <Stack gap={4} role="list" aria-label="Claims">
            {claimsOf(candidate, controls, plan.objective.type).map((claim) => (
              <Group key={claim.text} gap={6} wrap="nowrap" align="flex-start" role="listitem">
                {claim.beaten ? (
                  <IconCheck size={14} aria-hidden style={{ flex: 'none', marginTop: 2 }} />
                ) : (
                  <IconX size={14} aria-hidden style={{ flex: 'none', marginTop: 2 }} />
                )}
                <Text size="xs">{claim.text}</Text>
              </Group>
            ))}
          </Stack>
        </>
      )}
      {selected === 0 && candidate !== undefined && <FindingList report={report} />}
      {candidate !== undefined && <DomainList report={report} candidate={candidate} tested={tested} />}
      {candidate !== undefined && (
        <>
          <PaneTitle>Constraint residuals</PaneTitle>
          {candidate.residuals === null ? (
            <Text size="xs" c="dimmed">
              {unconstrainedText(plan)}
            </Text>
          ) : (
            <ConstraintTable
              plan={plan}
              residuals={candidate.residuals}
              residuals8Bit={candidate.residuals8Bit ?? null}
            />
          )}
          <Text size="xs" c="dimmed">
            {evaluationsText(report)}, in {formatSeconds(report.seconds)}.
          </Text>
          <Divider />
          <PaneTitle>Provenance</PaneTitle>
          <ProvenancePanel provenance={report.provenance} contentSha256={report.contentSha256} />
        </>
      )}
    </Stack>
  );
}
