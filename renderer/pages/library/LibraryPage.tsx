import { Page, PageHeader } from '../../components/Page.tsx';

export function LibraryPage({ item }: { item: string | undefined }) {
  return (
    <Page item={item}>
      <PageHeader title="Library" />
    </Page>
  );
}
