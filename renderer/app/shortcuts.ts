import { createStore } from '../client/stores.ts';

/** Whether the sheet of keyboard shortcuts is open. */
export const shortcutsSheet = createStore(false);

export const shortcutList: readonly { readonly keys: readonly string[]; readonly what: string }[] = [
  { keys: ['1', '–', '5'], what: 'Library, Stimuli, Experiment, Search, Protocol' },
  { keys: ['J'], what: 'Jobs' },
  { keys: ['⌘/Ctrl', 'K'], what: 'Find a page, a thing or an action' },
  { keys: ['/'], what: 'Search twins, in the library' },
  { keys: ['I'], what: 'Show or hide the inspector' },
  { keys: ['T'], what: 'True size on the contact sheet' },
  { keys: ['←', '→', '↑', '↓'], what: 'Move the selection in a list, a contact sheet or a plot' },
  { keys: ['Home', 'End'], what: 'First, last' },
  { keys: ['Esc'], what: 'Close a dialog' },
  { keys: ['?'], what: 'This sheet' },
];
