/** A figure on a twin's card. */
import type { TwinDetails } from '../../../main/contract/twins.ts';
import { figureAddress } from './figureAddress.ts';

/** The picture where it is a figure of the package, else its words. */
export function CardFigure({ twin, src, alt }: { twin: TwinDetails; src: unknown; alt: string }) {
  const address = figureAddress(twin.manifest, src);
  if (address === null) return <em>{alt}</em>;
  return <img src={address} alt={alt} style={{ maxWidth: '100%' }} />;
}
