/** A draft tried on a picture: what the network gets, and what it answers, again with every change. */
import { Alert, Group, NumberInput, Select, SimpleGrid, Stack, Table, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconInfoCircle } from '@tabler/icons-react';
import { useState } from 'react';
import type { ModelAnswers, ModelInspection, ModelPlace, ModelPreview } from '../../../main/contract/bareModels.ts';
import { useQueryCall } from '../../client/hooks.ts';
import { AreaLabel } from '../../components/AreaLabel.tsx';
import { ErrorNotice } from '../../components/errors.tsx';
import { formatNumber, plural } from '../../components/format.ts';
import { PaneTitle } from '../../components/Page.tsx';
import { remPx } from '../../components/rem.ts';
import { areaColour } from '../../plots/colours.ts';
import { FirstResponses } from '../../plots/FirstResponses.tsx';
import { PictureInDegrees } from '../../plots/PictureInDegrees.tsx';
import { previewAnswers } from './modelForm.ts';

const grating = 'grating';
/** Long enough that a number is typed whole. */
const settleMs = 350;
/** What the pane is wide, less its padding. */
const plotRem = 19;

const titleOf = (photograph: string): string => photograph.replace(/^\d+-/, '').replaceAll('-', ' ');

export function ModelPreviewPane({
  place,
  model,
  answers,
}: {
  place: ModelPlace;
  model: ModelInspection;
  answers: ModelAnswers;
}) {
  const [chosen, setChosen] = useState(model.photographs[0] ?? grating);
  const [frequency, setFrequency] = useState(1);
  const [orientation, setOrientation] = useState(45);
  const picture =
    chosen === grating ? { spatialFrequencyCpd: frequency, orientationDeg: orientation } : { photograph: chosen };
  const [settled] = useDebouncedValue(JSON.stringify({ answers: previewAnswers(answers), picture }), settleMs);
  const asked = JSON.parse(settled) as { answers: ReturnType<typeof previewAnswers>; picture: typeof picture };
  const preview = useQueryCall(
    'library.previewModel',
    { model: place, ...asked },
    { placeholderData: (before) => before, retry: false, gcTime: 0 },
  );
  return (
    <Stack gap="md">
      <PaneTitle
        right={
          <Text size="xs" c="dimmed" role="status" aria-label="State of the preview">
            {preview.isFetching ? 'working' : ''}
          </Text>
        }
      >
        As the network sees it
      </PaneTitle>
      <Select
        aria-label="Picture to try"
        data={[
          ...model.photographs.map((name) => ({ value: name, label: titleOf(name) })),
          { value: grating, label: 'grating' },
        ]}
        value={chosen}
        onChange={(value) => value !== null && setChosen(value)}
      />
      {chosen === grating && (
        <SimpleGrid cols={2} spacing="sm">
          <NumberInput
            label="Spatial frequency"
            suffix=" cpd"
            min={0.01}
            hideControls
            value={frequency}
            onChange={(value) => typeof value === 'number' && value > 0 && setFrequency(value)}
          />
          <NumberInput
            label="Orientation"
            suffix="°"
            hideControls
            value={orientation}
            onChange={(value) => typeof value === 'number' && setOrientation(value)}
          />
        </SimpleGrid>
      )}
      {preview.error !== null && <ErrorNotice error={preview.error} onRetry={() => void preview.refetch()} />}
      {preview.error === null && preview.data !== undefined && <Shown preview={preview.data} answers={answers} />}
    </Stack>
  );
}

function Shown({ preview: { picture, areas, why }, answers }: { preview: ModelPreview; answers: ModelAnswers }) {
  const plotPx = Math.floor(plotRem * remPx());
  return (
    <Stack gap="md">
      {picture !== null && (
        <Stack gap={4}>
          <PictureInDegrees
            width={plotPx}
            src={picture.png}
            label="The picture as the network gets it"
            fieldOfViewDeg={picture.fieldOfViewDeg}
          />
          <Figures channels={picture.channels} />
        </Stack>
      )}
      {why !== null && (
        <Alert icon={<IconInfoCircle size={16} />} color="gray" role="status" aria-label="Why nothing is shown">
          <Text size="xs">{why}</Text>
        </Alert>
      )}
      {areas.map(({ tensor, units, responses, blank }) => {
        const area = answers.areas.find((each) => each.tensor === tensor);
        const name = area?.name?.trim() || tensor;
        return (
          <Stack key={tensor} gap={2} component="figure" m={0} aria-label={`Responses of ${name}`}>
            <Group justify="space-between" wrap="nowrap" gap="sm">
              <span title={name} style={{ overflow: 'hidden', minWidth: 0 }}>
                <AreaLabel area={name} colourOf={area?.colourOf ?? undefined} />
              </span>
              <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
                {responses.length < units
                  ? `first ${responses.length} of ${plural(units, 'unit')}`
                  : plural(units, 'unit')}
              </Text>
            </Group>
            <FirstResponses
              width={plotPx}
              responses={responses}
              blank={blank}
              responseUnits={answers.responseUnits?.trim() ?? ''}
              colour={areaColour(name, area?.colourOf ?? undefined)}
            />
          </Stack>
        );
      })}
      {areas.length > 0 && (
        <Text size="xs" c="dimmed">
          Bars: to this picture. Lines: to the background alone.
        </Text>
      )}
    </Stack>
  );
}

const colours = ['red', 'green', 'blue'];

function Figures({ channels }: { channels: NonNullable<ModelPreview['picture']>['channels'] }) {
  return (
    <Table aria-label="Values that the graph gets" data-tabular>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>values</Table.Th>
          {['mean', 'sd', 'lowest', 'highest'].map((title) => (
            <Table.Th key={title} ta="right">
              {title}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {channels.map(({ mean, sd, min, max }, channel) => (
          <Table.Tr key={channel}>
            <Table.Td>{channels.length === 1 ? 'grey' : colours[channel]}</Table.Td>
            {[mean, sd, min, max].map((value, at) => (
              <Table.Td key={at} ta="right">
                {formatNumber(value)}
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
