import type { JobSnapshot } from '../../main/contract/jobs.ts';

/** Where a job's result is shown; null when it has none (yet). */
export function jobPath(job: JobSnapshot): string | null {
  if (job.resultId === null) return null;
  switch (job.kind) {
    case 'run':
      return `/experiment/${job.resultId}`;
    case 'search':
      return `/search/${job.resultId}`;
    case 'import-images':
      return `/stimuli/${job.resultId}`;
    case 'export':
      return '/protocol';
  }
}
