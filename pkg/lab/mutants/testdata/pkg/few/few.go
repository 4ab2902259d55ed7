package few

func few(n int) bool {
	if n <= 3 {
		n++
		break
	}
}
