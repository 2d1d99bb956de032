/** Protocol: what is shown when, on which display, and its exports. */
import { useMemo } from 'react';
import type { ProtocolItem, ProtocolPlan } from '../../../main/contract/plans.ts';
import { useQueryCall } from '../../client/hooks.ts';
import { useHashSearch } from '../../client/location.ts';
import { Page } from '../../components/Page.tsx';
import { QueryView } from '../../components/states.tsx';
import { emptyPlan, searchItem, setItem } from './items.ts';
import { ProtocolEditor } from './ProtocolEditor.tsx';
import type { ProtocolDocument } from './useProtocolDocument.ts';

/** Sets and searches that the address asks to add: `?set=…&search=…`. */
function addedItems(query: URLSearchParams): ProtocolItem[] {
  return [...query.getAll('set').map(setItem), ...query.getAll('search').map(searchItem)];
}

function documentOf(name: string, plan: ProtocolPlan): ProtocolDocument {
  const { name: _name, ...rest } = plan;
  return { name, plan: rest };
}

function StoredProtocol({ id, added }: { id: string; added: readonly ProtocolItem[] }) {
  const query = useQueryCall('protocols.get', { id });
  return (
    <Page item={query.data?.name}>
      <QueryView query={query}>
        {(protocol) => <ProtocolEditor id={id} saved={documentOf(protocol.name, protocol.plan)} added={added} />}
      </QueryView>
    </Page>
  );
}

function NewProtocol({ added }: { added: readonly ProtocolItem[] }) {
  const query = useQueryCall('protocols.defaultDisplay', {});
  return (
    <Page item="New protocol">
      <QueryView query={query}>
        {(display) => <ProtocolEditor id={null} saved={{ name: 'Protocol', plan: emptyPlan(display) }} added={added} />}
      </QueryView>
    </Page>
  );
}

export function ProtocolPage({ item }: { item: string | undefined }) {
  const search = useHashSearch();
  const added = useMemo(() => addedItems(new URLSearchParams(search)), [search]);
  const protocols = useQueryCall('protocols.list', {}, { enabled: item === undefined });
  if (item === 'new') return <NewProtocol added={added} />;
  if (item !== undefined) return <StoredProtocol key={item} id={item} added={added} />;
  return (
    <QueryView query={protocols}>
      {(list) => {
        const [first] = list;
        return first === undefined ? (
          <NewProtocol added={added} />
        ) : (
          <StoredProtocol key={first.id} id={first.id} added={added} />
        );
      }}
    </QueryView>
  );
}
