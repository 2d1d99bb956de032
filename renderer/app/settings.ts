/** What this person prefers on this computer; kept in the browser's own storage, never in a project. */
import { useLocalStorage, useMediaQuery } from '@mantine/hooks';
import { useEffect, useRef } from 'react';

export interface Settings {
  /** CSS pixels of this screen per centimetre, measured by the person with a ruler or a bank card. */
  readonly pxPerCm: number;
  /** Distance from the eye to this screen, centimetres. */
  readonly viewingDistanceCm: number;
  /** Edge of a thumbnail on the contact sheet, CSS pixels. */
  readonly tilePx: number;
  readonly trueSize: boolean;
  /** Null until the person chose: then it hides in narrow windows. */
  readonly inspectorHidden: boolean | null;
  /** Size of text and controls, per cent. */
  readonly textPercent: number;
}

/** 96 px per inch is what CSS assumes when nobody measured. */
const defaults: Settings = {
  pxPerCm: 96 / 2.54,
  viewingDistanceCm: 57,
  tilePx: 96,
  trueSize: false,
  inspectorHidden: null,
  textPercent: 100,
};

export function useSettings(): [Settings, (change: Partial<Settings>) => void] {
  const [stored, setStored] = useLocalStorage<Partial<Settings>>({
    key: 'twinscope.settings',
    defaultValue: {},
    getInitialValueInEffect: false,
  });
  return [{ ...defaults, ...stored }, (change) => setStored((before) => ({ ...before, ...change }))];
}

/**
 * Opens the inspector for as long as the caller is on the page: a narrow window hides it until somebody asks, and other
 * pages need the room again. A choice that the person made is left alone.
 */
export function useInspectorWhileHere(): () => void {
  const [{ inspectorHidden }, change] = useSettings();
  const opened = useRef(false);
  const latest = useRef({ inspectorHidden, change });
  useEffect(() => {
    latest.current = { inspectorHidden, change };
  });
  useEffect(
    () => () => {
      const { inspectorHidden: hidden, change: leave } = latest.current;
      if (opened.current && hidden === false) leave({ inspectorHidden: null });
    },
    [],
  );
  return () => {
    if (inspectorHidden !== null) return;
    opened.current = true;
    change({ inspectorHidden: false });
  };
}

/** CSS pixels that a centred stimulus of `sizeDeg` covers on this screen: 2·D·tan(θ/2), flat screen. */
export function screenPxOf(sizeDeg: number, settings: Pick<Settings, 'pxPerCm' | 'viewingDistanceCm'>): number {
  return 2 * settings.viewingDistanceCm * Math.tan((sizeDeg * Math.PI) / 360) * settings.pxPerCm;
}

/** Whether the inspector is hidden, and a way to turn that round. */
export function useInspectorHidden(): [boolean, () => void] {
  const [settings, change] = useSettings();
  const narrow = useMediaQuery('(max-width: 1180px)', false, { getInitialValueInEffect: false });
  const hidden = settings.inspectorHidden ?? narrow;
  return [hidden, () => change({ inspectorHidden: !hidden })];
}
