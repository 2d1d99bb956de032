import { describeMatchedFilters, describeSearches } from './testing/searchScience.ts';

describeSearches('V1-simple');
describeMatchedFilters();
