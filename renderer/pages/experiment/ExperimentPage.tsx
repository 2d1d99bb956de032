import { Button, Select } from '@mantine/core';
import { useLocation } from 'wouter';
import { useQueryCall } from '../../client/hooks.ts';
import { Page } from '../../components/Page.tsx';
import { QueryView } from '../../components/states.tsx';
import { NewRun } from './NewRun.tsx';
import { RunView } from './RunView.tsx';

/** Without an item the newest run is shown; without any run, the way to the first one. */
export function ExperimentPage({ item }: { item: string | undefined }) {
  const [, go] = useLocation();
  const runs = useQueryCall('runs.list', {});
  return (
    <QueryView query={runs}>
      {(list) => {
        const current = item ?? list[0]?.id ?? 'new';
        const chooser = (
          <>
            {list.length > 1 && (
              <Select
                aria-label="Run shown"
                w="13rem"
                searchable
                data={list.map((run) => ({ value: run.id, label: run.name }))}
                value={list.some((run) => run.id === current) ? current : null}
                onChange={(id) => id !== null && go(`/experiment/${id}`)}
              />
            )}
            <Button variant="default" onClick={() => go('/experiment/new')}>
              New run
            </Button>
          </>
        );
        return (
          <Page item={current === 'new' ? 'New run' : list.find((run) => run.id === current)?.name}>
            {current === 'new' ? <NewRun /> : <RunView key={current} id={current} chooser={chooser} />}
          </Page>
        );
      }}
    </QueryView>
  );
}
