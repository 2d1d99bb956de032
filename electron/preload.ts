/** The bridge: everything the sandboxed page can ask of the shell. Bundled into one CommonJS file. */
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type { DesktopBridge } from '../main/contract/desktop.ts';

const bridge = {
  connect: () => ipcRenderer.send('twinscope:connect'),
  chooseFolder: (title) => ipcRenderer.invoke('twinscope:choose', 'folder', title) as Promise<string | null>,
  chooseFile: (title) => ipcRenderer.invoke('twinscope:choose', 'file', title) as Promise<string | null>,
  pathForFile: (file) => webUtils.getPathForFile(file),
} satisfies DesktopBridge<File>;

contextBridge.exposeInMainWorld('twinscope', bridge);

/** The page's window; this file is checked with Node's types, which do not have it. */
const page = globalThis as unknown as {
  location: { origin: string };
  postMessage(message: unknown, targetOrigin: string, transfer: readonly unknown[]): void;
};
ipcRenderer.on('twinscope:port', (event) => {
  page.postMessage({ type: 'twinscope:port' }, page.location.origin, event.ports);
});
