/** A bare ONNX file becomes a twin: what it says, what has to be said of it, and how that looks to the network. */
import { Button, DataList, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import {
  openQuestions,
  type ModelAnswers,
  type ModelInspection,
  type ModelPlace,
} from '../../../main/contract/bareModels.ts';
import { useCheckingCall } from '../../client/checks.ts';
import { useQueryCall } from '../../client/hooks.ts';
import { useSession } from '../../client/provider.tsx';
import { ErrorNotice, Warnings } from '../../components/errors.tsx';
import { formatBytes, formatCount, plural } from '../../components/format.ts';
import { Page, PageHeader, Pane, Panes } from '../../components/Page.tsx';
import { LoadingLines } from '../../components/states.tsx';
import { ModelPreviewPane } from './ModelPreviewPane.tsx';
import { ModelQuestions } from './ModelQuestions.tsx';

export function ImportModelView({ place, onClose }: { place: ModelPlace; onClose: () => void }) {
  const [edited, setEdited] = useState<ModelAnswers | null>(null);
  const [sizePx] = useDebouncedValue(edited?.picture.sizePx ?? null, settleMs);
  const model = useQueryCall(
    'library.inspectModel',
    { model: place, sizePx },
    { placeholderData: (before) => before, retry: false, staleTime: Infinity, gcTime: 0 },
  );
  // A size that the graph cannot take is said beside the questions, not instead of them.
  const [known, setKnown] = useState<ModelInspection>();
  if (model.data !== undefined && model.data !== known) setKnown(model.data);
  const [, go] = useLocation();
  const [tried, setTried] = useState(false);
  const kept = useRef(false);
  const isKept = useCallback(() => kept.current, []);
  useDiscard(place, isKept);
  const importing = useCheckingCall('library.importModel', {
    onSuccess: (twin) => {
      onClose();
      go(`/library/${twin.id}`);
    },
    // Said over the questions, which can be answered otherwise.
    onError: () => {
      kept.current = false;
    },
  });
  const answers = edited ?? known?.answers ?? null;
  const open = known === undefined || answers === null ? [] : openQuestions(known, answers);
  function submit() {
    setTried(true);
    if (answers === null || open.length > 0) return;
    kept.current = true;
    importing.mutate({ model: place, answers });
  }
  const fault = (field: string): string | undefined => {
    const question = tried ? open.find((each) => each.field === field) : undefined;
    return question?.missing === true ? 'not answered yet' : question?.ask;
  };
  return (
    <Page item="Import a model">
      <PageHeader
        title="Import a model"
        detail={importing.progress ?? (known && `${known.file}, ${formatBytes(known.sizeBytes)}`)}
        actions={
          <>
            {known !== undefined && (
              <Text size="xs" c="dimmed" role="status" aria-label="Open questions">
                {open.length === 0 ? 'All is answered' : `${plural(open.length, 'answer')} to go`}
              </Text>
            )}
            {importing.isPending ? (
              <Button variant="default" onClick={importing.stop}>
                Stop
              </Button>
            ) : (
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
            )}
            <Button loading={importing.isPending} disabled={known === undefined} onClick={submit}>
              Import
            </Button>
          </>
        }
      />
      {model.error !== null && (
        <Stack p="md">
          <ErrorNotice error={model.error} />
        </Stack>
      )}
      {model.error === null && (known === undefined || answers === null) && <LoadingLines />}
      {known !== undefined && answers !== null && (
        <Panes>
          <Pane label="Questions">
            {importing.error !== null && <ErrorNotice error={importing.error} />}
            {tried && open.length > 0 && (
              <Text size="xs" c="red" role="alert">
                Nothing was imported: {plural(open.length, 'answer')} {open.length === 1 ? 'is' : 'are'} missing or
                cannot be.
              </Text>
            )}
            <ModelFacts model={known} />
            <ModelQuestions model={known} answers={answers} fault={fault} onChange={(next) => setEdited(next)} />
          </Pane>
          <Pane label="Preview" width="21rem">
            <ModelPreviewPane place={place} model={known} answers={answers} />
          </Pane>
        </Panes>
      )}
    </Page>
  );
}

/** Longer than two key presses are apart. */
const settleMs = 350;
/** Development mounts everything twice; a real leave is not undone at once. */
const leaveMs = 500;

/** Removes what was handed over or written for the import once its form is gone, unless an import that is under way has it. */
function useDiscard(place: ModelPlace, isKept: () => boolean): void {
  const session = useSession();
  const leaving = useRef<number>(undefined);
  useEffect(() => {
    window.clearTimeout(leaving.current);
    return () => {
      leaving.current = window.setTimeout(() => {
        if (!isKept()) session.call('library.discardModel', { model: place }).catch(() => undefined);
      }, leaveMs);
    };
  }, [session, place, isKept]);
}

const sizes = (shape: readonly (number | string)[] | null): string => shape?.join(' × ') ?? 'any sizes';
/** Longer notes are read on the twin's card. */
const longestNote = 240;

/** What the file says itself. */
function ModelFacts({ model }: { model: ModelInspection }) {
  const values = (list: ModelInspection['inputs']): string =>
    list.map(({ name, dtype, shape }) => `${name}: ${dtype} ${sizes(shape)}`).join('; ');
  const rows: [string, string][] = [
    ['Graph', `opset ${model.opset}, ${plural(model.nodes, 'node')}, ${formatCount(model.parameters)} parameters`],
    ...(model.producer === '' ? [] : [['Exported by', model.producer] as [string, string]]),
    ['Input', values(model.inputs)],
    ['Outputs', values(model.outputs)],
    ...(model.dataFiles.length === 0 ? [] : [['Weights in', model.dataFiles.join(', ')] as [string, string]]),
    ...model.metadata.map(({ key, value }): [string, string] => [key, value]),
  ];
  return (
    <Stack gap="sm" component="section" aria-label="What the file says">
      <DataList>
        {rows.map(([label, value]) => (
          <DataList.Item key={label}>
            <DataList.ItemLabel>{label}</DataList.ItemLabel>
            <DataList.ItemValue style={{ overflowWrap: 'anywhere' }}>
              {value.length > longestNote ? `${value.slice(0, longestNote)} …` : value}
            </DataList.ItemValue>
          </DataList.Item>
        ))}
      </DataList>
      <Warnings items={model.notices} />
    </Stack>
  );
}
