import { Page, PageHeader } from '../../components/Page.tsx';

export function StimuliPage({ item }: { item: string | undefined }) {
  return (
    <Page item={item}>
      <PageHeader title="Stimuli" />
    </Page>
  );
}
