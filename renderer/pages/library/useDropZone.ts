/** The library takes files wherever they are dropped on it. */
import { useRef, useState, type DragEvent } from 'react';
import { filesDropped } from '../../client/droppedFiles.ts';
import { desktop } from '../../client/host.ts';
import { announceError } from '../../components/errors.tsx';
import type { Given } from './ImportTwinDialog.tsx';

/** Handlers of an element, and `data-over` while something is held above it. */
export function useDropZone(onDropped: (given: Given) => void) {
  // Every element inside is entered and left too.
  const depth = useRef(0);
  const [over, setOver] = useState(false);
  const move = (change: number): void => {
    depth.current = Math.max(0, depth.current + change);
    setOver(depth.current > 0);
  };
  return {
    'data-over': over || undefined,
    onDragEnter: () => move(1),
    onDragLeave: () => move(-1),
    onDragOver: (event: DragEvent) => event.preventDefault(),
    onDrop(event: DragEvent) {
      event.preventDefault();
      move(-depth.current);
      const first = event.dataTransfer.files[0];
      if (desktop !== undefined) {
        if (first !== undefined) onDropped({ path: desktop.pathForFile(first), files: [] });
        return;
      }
      filesDropped(event.dataTransfer).then(
        (files) => files.length > 0 && onDropped({ path: '', files }),
        announceError,
      );
    },
  };
}
