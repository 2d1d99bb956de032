/** Importing as the library page offers it: by its button, by files dropped anywhere, and on to the form of a bare model. */
import { useDisclosure } from '@mantine/hooks';
import { useState, type ReactNode } from 'react';
import type { ModelPlace } from '../../../main/contract/bareModels.ts';
import { ImportModelView } from './ImportModelView.tsx';
import { ImportTwinDialog, nothingGiven, type Given } from './ImportTwinDialog.tsx';
import { useDropZone } from './useDropZone.ts';

export interface Importing {
  /** Opens the dialog. */
  open: () => void;
  /** Handlers for the element that files are dropped on. */
  drop: ReturnType<typeof useDropZone>;
  dialog: ReactNode;
  /** The form of a bare model, which takes the place of the page; null while there is none. */
  form: ReactNode;
}

export function useImporting(): Importing {
  const [opened, dialog] = useDisclosure(false);
  const [given, setGiven] = useState<Given>(nothingGiven);
  const [drops, setDrops] = useState(0);
  const [model, setModel] = useState<ModelPlace | null>(null);
  const drop = useDropZone((dropped) => {
    setGiven(dropped);
    // Each drop begins anew, also with the same files.
    setDrops((count) => count + 1);
    dialog.open();
  });
  function close() {
    dialog.close();
    // What was dropped is done with; the button begins with nothing.
    setGiven(nothingGiven);
    setDrops((count) => count + 1);
  }
  return {
    open: dialog.open,
    drop,
    dialog: <ImportTwinDialog key={drops} given={given} opened={opened} onModel={setModel} onClose={close} />,
    form: model === null ? null : <ImportModelView place={model} onClose={() => setModel(null)} />,
  };
}
