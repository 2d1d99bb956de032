/** A candidate's picture, whole or zoomed to its aperture, on the stage grey. */
import { Text, UnstyledButton } from '@mantine/core';
import type { Aperture } from '../../../main/contract/plans.ts';
import { domainSentence } from '../../../main/twins/domain.ts';
import { DomainMark } from '../../components/DomainMark.tsx';
import classes from '../../components/StimulusTile.module.css';

/** Thumbnails show this much of the visual field. */
const thumbnailDeg = 8;
/** Share of the tile that the aperture fills when zoomed. */
const filled = 0.8;

/** The part of a thumbnail that shows an aperture: its scale, and its offset as a share of the tile. */
export function cropTo(aperture: Aperture | undefined): { scale: number; left: number; top: number } {
  if (aperture === undefined) return { scale: 1, left: 0, top: 0 };
  const shownDeg = Math.min(thumbnailDeg, (aperture.diameterDeg + aperture.edgeDeg) / filled);
  const scale = thumbnailDeg / shownDeg;
  // The view stays inside the thumbnail.
  const inside = (value: number) => Math.min(scale - 1, Math.max(0, value));
  return {
    scale,
    left: -inside((0.5 + aperture.xDeg / thumbnailDeg) * scale - 0.5),
    top: -inside((0.5 - aperture.yDeg / thumbnailDeg) * scale - 0.5),
  };
}

export function CandidateTile({
  src,
  label,
  sizePx,
  aperture,
  selected = false,
  outside = null,
  onSelect,
}: {
  src: string;
  label: string;
  sizePx: number;
  /** Zooms to this part of the field; undefined shows all of it. */
  aperture: Aperture | undefined;
  selected?: boolean;
  /** Why it lies outside what the twin was tested with. */
  outside?: string | null;
  onSelect?: (() => void) | undefined;
}) {
  const { scale, left, top } = cropTo(aperture);
  const said = outside === null ? label : `${label}. ${domainSentence(outside)}`;
  const content = (
    <>
      <span style={{ display: 'block', position: 'relative', overflow: 'hidden', width: sizePx, height: sizePx }}>
        <img
          src={src}
          alt={said}
          draggable={false}
          decoding="async"
          style={{
            position: 'absolute',
            width: scale * sizePx,
            height: scale * sizePx,
            left: left * sizePx,
            top: top * sizePx,
          }}
        />
      </span>
      <Text component="span" className={classes.caption} w={sizePx} truncate="end">
        {outside !== null && (
          <>
            <DomainMark reason={outside} sizePx={11} />{' '}
          </>
        )}
        {label}
      </Text>
    </>
  );
  if (onSelect === undefined) return <span className={classes.tile}>{content}</span>;
  return (
    <UnstyledButton
      className={classes.tile}
      data-selected={selected || undefined}
      aria-pressed={selected}
      aria-label={`Candidate ${said}`}
      onClick={onSelect}
    >
      {content}
    </UnstyledButton>
  );
}
