import { Text, UnstyledButton } from '@mantine/core';
import { useReducedMotion } from '@mantine/hooks';
import { useState } from 'react';
import { clipStrip } from '../../main/contract/results.ts';
import { domainSentence } from '../../main/twins/domain.ts';
import { ClipCanvas } from './ClipCanvas.tsx';
import { DomainMark } from './DomainMark.tsx';
import { plural } from './format.ts';
import classes from './StimulusTile.module.css';

/** Below this edge the length of a clip would hide too much of its picture. */
const clipTextFromPx = 160;
export const clipText = `${clipStrip.frames / clipStrip.frameRateHz} s · ${plural(clipStrip.frames, 'frame')}`;

const noBreak = '\u00a0';
/** A longer part, the name of a file say, may break anywhere. */
const longestWhole = 16;
/** A longer caption needs every place on its two lines. */
const longestBound = 28;

/** A caption that breaks between its parts: not between a number and its unit, nor before the dot. */
export const unbroken = (label: string): string =>
  label.length > longestBound
    ? label
    : label
        .split(' · ')
        .map((part) => (part.length > longestWhole ? part : part.replaceAll(' ', noBreak)))
        .join(`${noBreak}· `);

/**
 * One stimulus on the stage grey, with its label. `src` is a resource path or a data URL. One that moves carries a mark,
 * and plays while it is pointed at, focused or selected, unless the reader's system asks for less motion.
 */
export function StimulusTile({
  src,
  clip = null,
  label,
  sizePx,
  selected = false,
  caption = true,
  inGrid = false,
  outside = null,
  onSelect,
}: {
  src: string | null;
  /** The frames of `clipStrip` of a stimulus that moves. */
  clip?: string | null;
  label: string;
  /** Edge of the picture, CSS pixels. */
  sizePx: number;
  selected?: boolean;
  /** Shows the label under the picture. */
  caption?: boolean;
  /** In a grid that moves the selection by arrow keys, so that tiles are no stops of the Tab key. */
  inGrid?: boolean;
  /** Why the stimulus lies outside what a twin was tested with, where its prediction is shown. */
  outside?: string | null;
  onSelect?: () => void;
}) {
  const said = outside === null ? label : `${label}. ${domainSentence(outside)}`;
  const still = useReducedMotion();
  const [pointedAt, setPointedAt] = useState(false);
  const watch =
    clip === null
      ? {}
      : {
          onPointerEnter: () => setPointedAt(true),
          onPointerLeave: () => setPointedAt(false),
          onFocus: () => setPointedAt(true),
          onBlur: () => setPointedAt(false),
        };
  const title = clip === null ? said : `${said} (moves: ${clipText})`;
  const image =
    src === null ? (
      <span className={classes.waiting} style={{ width: sizePx, height: sizePx }} aria-hidden />
    ) : (
      // A new element for a new picture: a reused one would show the old picture under the new label until it loads.
      <img
        key={src}
        src={src}
        alt={said}
        width={sizePx}
        height={sizePx}
        draggable={false}
        decoding="async"
        loading="lazy"
      />
    );
  const picture =
    clip === null ? (
      image
    ) : (
      <span className={classes.moving}>
        {image}
        {(pointedAt || selected) && !still && <ClipCanvas src={clip} sizePx={sizePx} playing />}
        <span className={classes.mark} aria-hidden>
          {sizePx >= clipTextFromPx ? `▸ ${clipText}` : '▸'}
        </span>
      </span>
    );
  const text = caption && (
    <Text component="span" className={classes.caption} style={{ width: sizePx }}>
      {outside !== null && (
        <>
          <DomainMark reason={outside} sizePx={11} />{' '}
        </>
      )}
      {unbroken(label)}
    </Text>
  );
  if (onSelect === undefined) {
    return (
      <span className={classes.tile} title={title} {...watch}>
        {picture}
        {text}
      </span>
    );
  }
  return (
    <UnstyledButton
      className={classes.tile}
      data-selected={selected || undefined}
      aria-pressed={selected}
      aria-label={said}
      title={title}
      onClick={onSelect}
      tabIndex={inGrid ? -1 : 0}
      {...watch}
    >
      {picture}
      {text}
    </UnstyledButton>
  );
}
