/** A candidate's picture, whole or zoomed to its aperture, on the stage grey. */
import { Text, UnstyledButton } from '@mantine/core';
import type { Aperture } from '../../../main/contract/plans.ts';
import { thumbnailDegOf } from '../../../main/contract/thumbnails.ts';
import { domainSentence } from '../../../main/twins/domain.ts';
import { DomainMark } from '../../components/DomainMark.tsx';
import classes from '../../components/StimulusTile.module.css';

/** Share of the tile that the aperture fills when zoomed. */
const filled = 0.8;

/** Side of the field that a tile shows when it is zoomed to an aperture, degrees. */
export const zoomedDeg = (aperture: Aperture, fieldDeg: number): number =>
  Math.min(fieldDeg, (aperture.diameterDeg + aperture.edgeDeg) / filled);

/** The part of a picture of `fieldDeg` that shows an aperture: its scale, and its offset as a share of the tile. */
export function cropTo(aperture: Aperture | undefined, fieldDeg: number): { scale: number; left: number; top: number } {
  if (aperture === undefined) return { scale: 1, left: 0, top: 0 };
  const shownDeg = zoomedDeg(aperture, fieldDeg);
  const scale = fieldDeg / shownDeg;
  // The view stays inside the thumbnail.
  const inside = (value: number) => Math.min(scale - 1, Math.max(0, value));
  return {
    scale,
    left: -inside((0.5 + aperture.xDeg / fieldDeg) * scale - 0.5),
    top: -inside((0.5 - aperture.yDeg / fieldDeg) * scale - 0.5),
  };
}

/** A picture of `fieldDeg`, cut to what lies in the aperture; undefined shows all of it. */
export function CroppedPicture({
  src,
  alt,
  sizePx,
  aperture,
  fieldDeg,
}: {
  src: string;
  alt: string;
  sizePx: number;
  aperture: Aperture | undefined;
  fieldDeg: number;
}) {
  const { scale, left, top } = cropTo(aperture, fieldDeg);
  return (
    <span style={{ display: 'block', position: 'relative', overflow: 'hidden', width: sizePx, height: sizePx }}>
      <img
        src={src}
        alt={alt}
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
  );
}

export function CandidateTile({
  src,
  label,
  sizePx,
  aperture,
  fieldDeg = thumbnailDegOf(src),
  selected = false,
  outside = null,
  onSelect,
}: {
  src: string;
  label: string;
  sizePx: number;
  /** Zooms to this part of the field; undefined shows all of it. */
  aperture: Aperture | undefined;
  /** Side of the field that the picture shows, degrees; what its address says when left out. */
  fieldDeg?: number;
  selected?: boolean;
  /** Why it lies outside what the twin was tested with. */
  outside?: string | null;
  onSelect?: (() => void) | undefined;
}) {
  const said = outside === null ? label : `${label}. ${domainSentence(outside)}`;
  const content = (
    <>
      <CroppedPicture src={src} alt={said} sizePx={sizePx} aperture={aperture} fieldDeg={fieldDeg} />
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
