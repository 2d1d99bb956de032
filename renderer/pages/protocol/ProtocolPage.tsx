import { Page, PageHeader } from '../../components/Page.tsx';

export function ProtocolPage({ item }: { item: string | undefined }) {
  return (
    <Page item={item}>
      <PageHeader title="Protocol" />
    </Page>
  );
}
