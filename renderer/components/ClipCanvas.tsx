/** The frames of a moving stimulus, at their own rate, over and over. */
import { useEffect, useRef } from 'react';
import { clipStrip } from '../../main/contract/results.ts';
import classes from './StimulusTile.module.css';

/** A pointer or an arrow key on its way across a contact sheet asks for no clips. */
const settleMs = 200;

/** Lies over the still picture, which shows until the frames have arrived. */
export function ClipCanvas({ src, sizePx, playing }: { src: string; sizePx: number; playing: boolean }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  /** Seconds into the clip at which it was halted. */
  const halted = useRef(0);
  useEffect(() => {
    if (!playing) return undefined;
    const strip = new Image();
    const settled = setTimeout(() => {
      strip.src = src;
    }, settleMs);
    let request = 0;
    let began: number | null = null;
    const draw = (now: number): void => {
      request = requestAnimationFrame(draw);
      if (!strip.complete || strip.naturalWidth === 0) return;
      began ??= now - 1000 * halted.current;
      halted.current = (now - began) / 1000;
      const frame = Math.floor(halted.current * clipStrip.frameRateHz) % clipStrip.frames;
      const edge = clipStrip.sizePx;
      canvas.current?.getContext('2d')?.drawImage(strip, 0, frame * edge, edge, edge, 0, 0, edge, edge);
    };
    request = requestAnimationFrame(draw);
    return () => {
      clearTimeout(settled);
      cancelAnimationFrame(request);
      // Stops what is still on its way.
      strip.src = '';
    };
  }, [src, playing]);
  return (
    <canvas
      key={src}
      ref={canvas}
      className={classes.clip}
      width={clipStrip.sizePx}
      height={clipStrip.sizePx}
      style={{ width: sizePx, height: sizePx }}
      aria-hidden
      data-playing={playing || undefined}
    />
  );
}
