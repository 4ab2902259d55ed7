// Package docs holds the documentation to the code: its tests parse every
// snippet, run every command, evaluate every policy and resolve every link of
// the README, docs/ and examples/. It has no code of its own.
package docs
