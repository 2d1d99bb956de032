import { describeSearches } from './testing/searchScience.ts';

describeSearches('V1-complex');
