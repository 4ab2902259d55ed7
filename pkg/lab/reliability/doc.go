// Package reliability owns what docs/reliability.md claims: its tests run the packed task
// against every fault of the stand-ins, on every leg, and compare what they see with the
// page. It holds no code of its own and is not shipped.
package reliability
