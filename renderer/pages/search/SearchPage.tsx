import { Page, PageHeader } from '../../components/Page.tsx';

export function SearchPage({ item }: { item: string | undefined }) {
  return (
    <Page item={item}>
      <PageHeader title="Search" />
    </Page>
  );
}
