import { Text, UnstyledButton } from '@mantine/core';
import classes from './StimulusTile.module.css';

/** One stimulus on the stage grey, with its label. `src` is a resource path or a data URL. */
export function StimulusTile({
  src,
  label,
  sizePx,
  selected = false,
  caption = true,
  inGrid = false,
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
  onSelect?: () => void;
}) {
  const picture =
    src === null ? (
      <span className={classes.waiting} style={{ width: sizePx, height: sizePx }} aria-hidden />
    ) : (
      // A new element for a new picture: a reused one would show the old picture under the new label until it loads.
      <img
        key={src}
        src={src}
        alt={label}
        width={sizePx}
        height={sizePx}
        draggable={false}
        decoding="async"
        loading="lazy"
      />
    );
  const text = caption && (
    <Text component="span" className={classes.caption} style={{ width: sizePx }}>
      {label}
    </Text>
  );
  if (onSelect === undefined) {
    return (
      <span className={classes.tile} title={label}>
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
      aria-label={label}
      title={label}
      onClick={onSelect}
      tabIndex={inGrid ? -1 : 0}
    >
      {picture}
      {text}
    </UnstyledButton>
  );
}
