// Package shim holds the tests of the task's launcher, task/index.js: they start
// it with Node, as an agent does, on a program that stands in for the binary. The
// variable AAR_NODE chooses another Node than the one in PATH.
package shim
