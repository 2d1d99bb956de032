/** The twins on this computer, and the one that is looked at. */
import { Button } from '@mantine/core';
import { useEffect, useMemo, useSyncExternalStore } from 'react';
import { useSearchParams } from 'wouter';
import type { TwinSummary } from '../../../main/contract/twins.ts';
import { twinMatches, type TwinFilter } from '../../../main/twins/selection.ts';
import { useQueryCall } from '../../client/hooks.ts';
import { navigate } from '../../client/location.ts';
import { ErrorNotice, Warnings } from '../../components/errors.tsx';
import { plural } from '../../components/format.ts';
import { Page, PageHeader, Pane, Panes } from '../../components/Page.tsx';
import { Empty, LoadingLines } from '../../components/states.tsx';
import { VirtualTable } from '../../components/VirtualTable.tsx';
import { CompareTwins } from './CompareTwins.tsx';
import { filterOf, isEmpty, keptFilter, queryOf } from './filterState.ts';
import classes from './Library.module.css';
import { LibraryFilters } from './LibraryFilters.tsx';
import { addressOf, compareItem, comparePath, nameOf, twinNamed } from './names.ts';
import { twinColumns } from './twinColumns.tsx';
import { TwinPane } from './TwinPane.tsx';
import { useImporting } from './useImporting.tsx';

/** The filter that is kept, and a change of it that the address follows. An address that is opened decides. */
function useFilter(place: string): [TwinFilter, (filter: TwinFilter) => void] {
  const [query] = useSearchParams();
  const filter = useSyncExternalStore(keptFilter.subscribe, keptFilter.get);
  const asked = query.toString();
  useEffect(() => {
    const wanted = filterOf(new URLSearchParams(asked));
    if (wanted !== null && queryOf(wanted) !== queryOf(keptFilter.get())) keptFilter.set(wanted);
    else if (wanted === null && !isEmpty(keptFilter.get()))
      navigate(`${place}${queryOf(keptFilter.get())}`, { replace: true });
  }, [asked, place]);
  function change(next: TwinFilter) {
    keptFilter.set(next);
    navigate(`${place}${queryOf(next)}`, { replace: true });
  }
  return [filter, change];
}

function TwinList({
  twins,
  item,
  onImport,
}: {
  twins: readonly TwinSummary[];
  item: string | undefined;
  onImport: () => void;
}) {
  const [filter, setFilter] = useFilter(item === undefined ? '/library' : `/library/${item}`);
  const shown = useMemo(() => twins.filter((twin) => twinMatches(twin, filter)), [twins, filter]);
  const open = (twin: TwinSummary) => navigate(`/library/${addressOf(twins, twin)}${queryOf(filter)}`);
  const selected = item === undefined ? (shown[0] ?? twins[0]) : twinNamed(twins, item);
  return (
    <Panes>
      <Pane label="Twins" scroll={false} padding={false}>
        <LibraryFilters twins={twins} shown={shown.length} filter={filter} onChange={setFilter} />
        {shown.length === 0 ? (
          <Empty title="No twin matches" action={<Button onClick={() => setFilter({})}>Clear filters</Button>}>
            {`None of the ${plural(twins.length, 'twin')} on this computer is all that the search and the filters ask for.`}
          </Empty>
        ) : (
          <VirtualTable
            label="Twins"
            rows={shown}
            columns={twinColumns}
            rowKey={nameOf}
            selected={selected === undefined ? null : nameOf(selected)}
            onSelect={open}
            onSelectBeside={(twin) => {
              if (selected !== undefined && nameOf(twin) !== nameOf(selected))
                navigate(comparePath(addressOf(twins, selected), addressOf(twins, twin)));
            }}
            rowPx={58}
          />
        )}
      </Pane>
      {selected === undefined ? (
        <Pane label="Twin">
          <Empty title="This twin is not in the library" action={<Button onClick={onImport}>Import twin</Button>}>
            {`There is no ${item} on this computer.`}
          </Empty>
        </Pane>
      ) : (
        <TwinPane key={nameOf(selected)} id={addressOf(twins, selected)} twins={twins} />
      )}
    </Panes>
  );
}

export function LibraryPage({ item }: { item: string | undefined }) {
  return item === compareItem ? <CompareTwins /> : <Library item={item} />;
}

function Library({ item }: { item: string | undefined }) {
  const twins = useQueryCall('library.list', {});
  const problems = useQueryCall('library.problems', {});
  const importing = useImporting();
  const title = item === undefined ? undefined : twinNamed(twins.data ?? [], item)?.title;
  if (importing.form !== null) return importing.form;
  return (
    <Page item={title}>
      <PageHeader
        title="Library"
        detail={twins.data && `${plural(twins.data.length, 'twin')} on this computer`}
        actions={
          <Button variant="default" onClick={importing.open}>
            Import twin
          </Button>
        }
      />
      <div className={classes.drop} {...importing.drop}>
        <Warnings items={problems.data ?? []} />
        {twins.error !== null && <ErrorNotice error={twins.error} onRetry={() => void twins.refetch()} />}
        {twins.data === undefined ? (
          twins.error === null && <LoadingLines />
        ) : twins.data.length === 0 ? (
          <Empty title="No twins in the library" action={<Button onClick={importing.open}>Import twin</Button>}>
            A twin is a model of a brain area that predicts responses to what is shown. Built-in twins appear once they
            are built.
          </Empty>
        ) : (
          <TwinList twins={twins.data} item={item} onImport={importing.open} />
        )}
      </div>
      {importing.dialog}
    </Page>
  );
}
