import { Text, UnstyledButton } from '@mantine/core';
import { domainSentence } from '../../main/twins/domain.ts';
import { DomainMark } from './DomainMark.tsx';
import classes from './StimulusTile.module.css';

/** One stimulus on the stage grey, with its label. `src` is a resource path or a data URL. */
export function StimulusTile({
  src,
  label,
  sizePx,
  selected = false,
  caption = true,
  inGrid = false,
  outside = null,
  onSelect,
}: {
  src: string | null;
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
  const picture =
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
  const text = caption && (
    <Text component="span" className={classes.caption} style={{ width: sizePx }}>
      {outside !== null && (
        <>
          <DomainMark reason={outside} sizePx={11} />{' '}
        </>
      )}
      {label}
    </Text>
  );
  if (onSelect === undefined) {
    return (
      <span className={classes.tile} title={said}>
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
      title={said}
      onClick={onSelect}
      tabIndex={inGrid ? -1 : 0}
    >
      {picture}
      {text}
    </UnstyledButton>
  );
}
