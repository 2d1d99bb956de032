/** What has to be said about the licences of a twin, in the words of lists, pages and the command line. */
import type { TwinManifest } from '../contract/twins.ts';

export type Licensed = { licences: TwinManifest['licences']; commercialUse?: boolean | null | undefined };

/** warning: something that the user may not do. missing: something that nobody has said. */
export interface TrustMark {
  readonly text: string;
  readonly tone: 'plain' | 'warning' | 'missing';
  /** The consequence, in a sentence. */
  readonly sentence: string;
}

/** SPDX keeps this word for "nothing is stated". */
const isUnstated = (licence: string): boolean => /^(|noassertion)$/i.test(licence.trim());
/** And this one for "nobody may use it", of data for "there is none". */
const isNone = (licence: string): boolean => /^none$/i.test(licence.trim());

const forbidsCommerce = (licence: string): boolean =>
  /(^|[^a-z])nc([^a-z]|$)|non-?commercial|research[- ]only|academic/i.test(licence);

/** SPDX identifiers of licences that allow commercial use; the usual ones of code, models and data. */
const openLicences: ReadonlySet<string> = new Set(
  (
    'MIT MIT-0 Apache-2.0 0BSD BSD-1-Clause BSD-2-Clause BSD-3-Clause BSD-3-Clause-Clear BSD-2-Clause-Patent ISC Zlib NCSA ' +
    'HPND BSL-1.0 Unlicense PSF-2.0 Python-2.0 Artistic-2.0 CC0-1.0 CC-BY-2.0 CC-BY-3.0 CC-BY-4.0 CC-BY-SA-2.0 CC-BY-SA-3.0 ' +
    'CC-BY-SA-4.0 PDDL-1.0 ODC-By-1.0 ODbL-1.0 OFL-1.1 MPL-2.0 EPL-2.0 EUPL-1.2 GPL-2.0 GPL-2.0-only GPL-2.0-or-later GPL-3.0 ' +
    'GPL-3.0-only GPL-3.0-or-later LGPL-2.1 LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0 LGPL-3.0-only LGPL-3.0-or-later ' +
    'AGPL-3.0 AGPL-3.0-only AGPL-3.0-or-later'
  )
    .toLowerCase()
    .split(' '),
);

/** Whether a licence or an SPDX expression of several allows commercial use; null where that is not known. */
function commerceUnder(licence: string): boolean | null {
  if (forbidsCommerce(licence)) return false;
  const names = licence
    .replaceAll(/[()]/g, ' ')
    .split(/\s+(?:AND|OR)\s+/i)
    .map((name) => name.replace(/\s+WITH\s+\S+\s*$/i, '').trim());
  return names.every((name) => openLicences.has(name.toLowerCase())) ? true : null;
}

/**
 * Whether a twin may be used commercially: by its own statement, which a licence that forbids it overrules, or else by its
 * licences. Null where nobody has said: no open licence of the weights, or a licence of code or data that is not known.
 */
export function commerceOf({ licences, commercialUse }: Licensed): boolean | null {
  const { code, weights, data } = licences;
  if (commercialUse === false || [code, weights, data].some(forbidsCommerce)) return false;
  if (commercialUse === true) return true;
  // Nothing stated and nothing to license take nothing away from the weights' own licence.
  const others = [code, data].filter((licence) => !isUnstated(licence) && !isNone(licence));
  return [weights, ...others].every((licence) => commerceUnder(licence) === true) ? true : null;
}

/** True where the twin, by its own statement or by one of its licences, is not for commercial use. */
export const isNonCommercial = (twin: Licensed): boolean => commerceOf(twin) === false;

/** In a word, for tables. */
export const commerceText = (twin: Licensed): string =>
  ({ true: 'allowed', false: 'not allowed', null: 'not stated' })[`${commerceOf(twin)}`];

export const licenceStated = ({ licences }: Licensed): boolean => !isUnstated(licences.weights);
export const dataStated = ({ licences }: Licensed): boolean => !isUnstated(licences.data);

const noLicence = 'no licence granted';

/** A licence by its SPDX expression, or that there is none to name. */
export function licenceText(licence: string, of: 'code' | 'weights' | 'data'): string {
  if (isUnstated(licence)) return 'not stated';
  if (!isNone(licence)) return licence.trim();
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
  if (commerceOf(twin) === null) {
    return {
      text,
      tone: 'missing',
      sentence: `Its weights are under ${text}; whether commercial use is allowed is not stated. Ask before you use it so.`,
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
