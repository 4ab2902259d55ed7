// Package setuppage tests the set-up page in a real browser: the files as they lie in the
// packed extension, in a stand-in for the page of Azure DevOps that frames them. It has
// no code of its own.
package setuppage
