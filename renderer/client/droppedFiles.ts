/** Files of a drop or a file dialog, those in folders too, under the paths they have there. */
export interface GivenFile {
  /** With forward slashes, e.g. `my-twin/model.onnx`. */
  path: string;
  file: File;
}

export const filesChosen = (files: readonly File[]): GivenFile[] => files.map((file) => ({ path: file.name, file }));

/** To be called while the drop is being handled: a browser empties the transfer afterwards. */
export async function filesDropped(transfer: DataTransfer): Promise<GivenFile[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry());
  const plain = [...transfer.files];
  if (entries.every((entry) => entry === null)) return filesChosen(plain);
  const found: GivenFile[] = [];
  for (const entry of entries) if (entry !== null) await collect(entry, found);
  return found;
}

async function collect(entry: FileSystemEntry, into: GivenFile[]): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    into.push({ path: entry.fullPath.replace(/^\/+/, ''), file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A browser hands over a hundred at a time, and none at the end.
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0) return;
    for (const inner of part) await collect(inner, into);
  }
}

export const isModelFile = (path: string): boolean => /\.onnx$/i.test(path);

/** Files that are a bare model: a graph, and no manifest that would make them a package. */
export const areModel = (files: readonly GivenFile[]): boolean =>
  files.some(({ path }) => isModelFile(path)) && files.every(({ path }) => !/(^|\/)twin\.json$/.test(path));
