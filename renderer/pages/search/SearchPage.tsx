/** Search: plan, live picture and evidence in three columns. */
import { useMemo } from 'react';
import { useHashSearch } from '../../client/location.ts';
import { useQueryCall } from '../../client/hooks.ts';
import { Page } from '../../components/Page.tsx';
import { QueryView } from '../../components/states.tsx';
import { CompareView } from './CompareView.tsx';
import { NewSearch } from './NewSearch.tsx';
import { SearchReportView } from './SearchReportView.tsx';

function StoredSearch({ id }: { id: string }) {
  const report = useQueryCall('searches.get', { id });
  return (
    <Page item={report.data?.name}>
      <QueryView query={report}>{(data) => <SearchReportView key={data.id} report={data} />}</QueryView>
    </Page>
  );
}

export function SearchPage({ item }: { item: string | undefined }) {
  const search = useHashSearch();
  const query = useMemo(() => new URLSearchParams(search), [search]);
  if (item === 'compare') {
    return (
      <Page item="Compare">
        <CompareView query={query} />
      </Page>
    );
  }
  if (item !== undefined && item !== 'new') return <StoredSearch id={item} />;
  return (
    <Page item="New search">
      <NewSearch key={search} query={query} />
    </Page>
  );
}
