/** What has to be said about the licences of a twin, in the words of lists, pages and the command line. */
import type { TwinManifest } from '../contract/twins.ts';

export type Licensed = Pick<TwinManifest, 'licences' | 'commercialUse'>;

/** warning: something that the user may not do. missing: something that nobody has said. */
export interface TrustMark {
  readonly text: string;
  readonly tone: 'plain' | 'warning' | 'missing';
  /** The consequence, in a sentence. */
  readonly sentence: string;
}

/** SPDX keeps this word for "nothing is stated". */
const isUnstated = (licence: string): boolean => /^(|noassertion)$/i.test(licence.trim());

const forbidsCommerce = (licence: string): boolean =>
  /(^|[^a-z])nc([^a-z]|$)|non-?commercial|research[- ]only|academic/i.test(licence);

/** True where the twin, by its own statement or by one of its licences, is not for commercial use. */
export const isNonCommercial = ({ licences, commercialUse }: Licensed): boolean =>
  !commercialUse || [licences.code, licences.weights, licences.data].some(forbidsCommerce);

export const licenceStated = ({ licences }: Licensed): boolean => !isUnstated(licences.weights);
export const dataStated = ({ licences }: Licensed): boolean => !isUnstated(licences.data);

const noLicence = 'no licence granted';

/** A licence by its SPDX expression, or that there is none to name. */
export function licenceText(licence: string, of: 'code' | 'weights' | 'data'): string {
  if (isUnstated(licence)) return 'not stated';
  if (licence.trim().toUpperCase() !== 'NONE') return licence.trim();
  return of === 'data' ? 'no data used' : noLicence;
}

/** The licence of the weights first, then what is not stated. */
export function trustMarks(twin: Licensed): TrustMark[] {
  const marks = [licenceMark(twin)];
  if (!dataStated(twin)) {
    marks.push({
      text: 'data not stated',
      tone: 'missing',
      sentence: 'Its author does not state which data it was fitted to, or under what licence. Ask before you publish.',
    });
  }
  return marks;
}

function licenceMark(twin: Licensed): TrustMark {
  const restricted = isNonCommercial(twin) ? ', non-commercial' : '';
  if (!licenceStated(twin)) {
    return {
      text: `licence not stated${restricted}`,
      tone: restricted === '' ? 'missing' : 'warning',
      sentence: 'Its author does not state under what licence its weights may be used. Ask before you use or share it.',
    };
  }
  const text = licenceText(twin.licences.weights, 'weights');
  if (text === noLicence) {
    return {
      text: `${text}${restricted}`,
      tone: 'warning',
      sentence: 'Its author grants no licence for its weights. Ask before you use or share it.',
    };
  }
  return restricted === ''
    ? { text, tone: 'plain', sentence: `Its weights are under ${text}; commercial use is allowed.` }
    : {
        text: `${text}${restricted}`,
        tone: 'warning',
        sentence: `Its weights are under ${text}. Commercial use of it is not allowed.`,
      };
}
