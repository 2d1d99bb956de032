import { Page, PageHeader } from '../../components/Page.tsx';

export function ExperimentPage({ item }: { item: string | undefined }) {
  return (
    <Page item={item}>
      <PageHeader title="Experiment" />
    </Page>
  );
}
