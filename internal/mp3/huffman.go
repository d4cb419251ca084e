package mp3

import "strconv"

// A tree is one of the Huffman codes of the standard (ISO/IEC 11172-3 table B.7), in
// the order of its words: two hexadecimal digits for a pair of values, and one digit
// of base 36 for the length of the word. As the code is complete, each word is the one
// before it plus one.
type tree string

const (
	tree1  tree = "113013102001"
	tree2  tree = "226026125215205113013103001"
	tree3  tree = "226026125215205103112012002"
	tree5  tree = "338238327316137037307227126216026206113013103001"
	tree6  tree = "337037236326306135315225025124214204013112103003"
	tree7  tree = "55a45a54a53a359449259529158518059349508439339248428147417407048238328038137317307227126215026206114013103001"
	tree8  tree = "55b54b45a53935a44a259529059158518349439509339248428148417048408238328138318038308226026206124214112013103002"
	tree9  tree = "559459358538549059448258528158517347437508048247427337407146416236326135315036306225025124214204113013103003"
	tree10 tree = "77b67b76b57b75b66b47a74a56a65a37a73a46a55b54b63a27972964a07a70962945a35a06953a44a17871836926925a52a15951934a43a168618608" +
		"059509249429339049148418408238328038137317307227126216026206114013103001"
	tree11 tree = "77a67a76a75a66a47a74a57b55b56a65a37973946945a54a35a53a278728649079717178708368638608449259529059158627268068167617518348" +
		"508439339248428148418048408237327136316037307226215124025205113013103002"
	tree12 tree = "77a67a769579759669479749659568378739559278728468648178718079709368638458548448069059267627617168608358538258528157517347" +
		"437508048247427147336416236326407037306135315225124214025205004113013103"
	tree13 tree = "fejfcjfdiedhffgefgdfgeegcfgdegbfgfbgcegdcgafhe9hecfddffagcdgbefebf9fff9feafbdfdbf8fff8fccfaeg9eg8ef7fg7egf7edaeadfbcfcbf" +
		"f6f6fee8e5fe9ded9ef5ee7eacebbe4fef4ecafe6ff3e3fd8ded8e2fdf2d6ee9ce0fdc9e5eeabd7ded7e4edc8ed6e3edb9d9beaae1fcf1cf0cbade5d" +
		"e4d8cd6dde3de2c2ed0ed1ece1ce0d5ddd5d7cdc7d4dd8bdb8dd4d9ada9d6cdc6c3dcd3d7bd2dcd2c1dcb7c5cdc5d99d7adc3ca7d97d4bcd1b0dcd0c" +
		"8aca8c4ccc4c6bcb6c3cb2cbc2b5bbb5c89c1cbc1b98c0ccc0bb4c6aca6c79c3bbb3b88c5ac2bba5c69ca4b78c87c94b77c76cb2a1bab1a0bbb0b96b" +
		"4ab3aba3b59b95b2aaa2a1aaa1a0ab68ba0a86b49b93a39b58b85b67b29a92a57b75b38a83a66b47b74b56b65b73b19991909a90a48a84a72a46b64b" +
		"28982918937a27a17971955a07a70a36a63a45a54a26a62a35a81808980916961906960953a44a259529059158518349439509249429339148417048" +
		"408238328137317037307227126216026206114014103001"
	tree15 tree = "ffdefdfeddfdeecfddcfdfcddededdbfdfbccedecdddcafcfacbecebccdcdcc9fcf9ceacbdcdbc8fcf8cccc9ece9c7fcf7cadcdacbcc6fcaed0fdcbb" +
		"f6b8ece8c5fc9dcf5b7ebe7bacbcabbbbd9c8dc4fbf4b3fbf3bd8be6b2fbf2b6ecf0c1fbf1b9cbc9b5ebabbbabe5b7dbd7b4ebe4b8cbc8b3eb6dbd6b" +
		"e3b9bbb9b2ebaabe2b1ebe1b0ece0c5dbd5b7cbc7b4db8bbd4ab8b9aba9b6cbc6b3dbd3ad2a2db0db1da7bab7ad1a5cbd0bc5a8aaa8a4cac4a6bab6a" +
		"99b0cb3cac3a7aaa7aa6ac0b0bbc292ca5bab5a1ca89a98ac1a4bab4a6aa3ba79ab3997a88a2ba5aab29a5a1bab19b0a69a96a4aaa4a78a87a3aaa39" +
		"5999592a9a291a9a190aaa0a68986949994939993977a09a589859299679769929918199909489849579759389839669479288828188818749089809" +
		"569659379739469278728648178558718079709368638458548268628168069609358617538448257527157517058508347437247427337416147047" +
		"236326407037136316306225125215025205113014104003"
	tree16 tree = "efbfebdfbfdbcfbfcbbfbfbbafafab9fbf9bf8b8fa7faf7a6faf6aff85faf5a4f9f49f39f093facegechddhdefe9feagd9geeeedfebfbeecdedcfdbf" +
		"aeecceadfdaf7efacfcaec9f7df5eebddf282f90f91f8f189edbcecbe8eee8e9dee7ebbe8ded8e6eee6d9cdabebaee5ed7e4ede4e8cec8d3ed6ddd6e" +
		"9beb9eaaee1dd4db8ea9e7bdb7ed0ee3c0ede0d5ddd5d7cdc7d4dd8bd9ad6cdc6d3dd5cdc5d0dc8ada8d99d4cdb6d7ad3cc5bd89d1ccc0c98d79de2b" +
		"2ec1ecd3c2dcd2cd1c3bc97d88d1dbc4c6bcc3ca7c2cbc2cb5cc1c0cc4bcb4c6aca6cb3b5aca5c2bbb2b1bbb1b0bcb0c69c96c4aca4c78c87ca3b3ac" +
		"59c2ab95c68ca1b86c77c94b49c57c67ba2a1aa0aba0b39b93b58b85b29a92a76b09b19a91a90b48b84b75b38b83b66b28b82a47b74b18a81a80a08b" +
		"56b37a73a65b46b27a72a64b55b07a17971970a36a63a45a54a26a62916961906a60a53935a44a259529518159059349439509249429339148418049" +
		"409238328137317038308227126216026206114014103001"
	tree24 tree = "ef8fe8df8fd8cf8fc8bf8fb8fa7af89f8f97f878f87f8f776f7f675f7f574f7f473f7f372f7f27f171f8f080f9eebdebedbcebecbddbbebebbcdbdcb" +
		"aebeabbdbdbbccb9ebe9badbdabbcbcbb8ebe8b9dbd9b7ebe7bacbff4cabbbb8dbd8b0ece0c0dbe6a6eb9cbc9a5eabaae5aabb7dbd7ae4a8cac8a4eb" +
		"2eb3ea6dad6ae3a9bab9aaaae2a1eae1a5dad5a7cac7a4da8bab8ad4a9aaa9a6cac6a3dad3a2dad2a1da7bab7ad1a5cac5a8aaa8a99a4cac4a6bab6a" +
		"d0b0cb3cac3a7aaa7a2cac2a5bab5a1ca89a98ac1a4bac0b0bb3bab0b0ab1aab496aaa6a79a97aa0b09b90ab398892ba5aab29a5a1bab1a69a969a49" +
		"4aa78a8793a9a395999592a9a29a1968986977949994939993958985929967976992919991948984957975938983966928982918947974981908a80a" +
		"56965917907a70a738379279728468648558718368638458548268628168618069609358538448258528158059509517348438247427337147417048" +
		"408237327136316037307226125215026206114014104004"

	// For four values of which none is greater than 1.
	treeA tree = "0b60f60d60e60760560950650350a50c5024014044084001"
	treeB tree = "0f40e40d40c40b40a4094084074064054044034024014004"
)

// A huffman is a [tree] to work with.
type huffman struct {
	side   int // values below this have words
	words  [256]struct{ code, size int }
	starts []uint32 // the words in their order, as the upper bits
	leaves []huffmanLeaf
	first  [1<<huffmanPeek + 1]uint16 // the word that starts with these bits, or the first one
}

// A huffmanLeaf is a pair of values and the length of its word.
type huffmanLeaf struct{ x, y, size uint8 }

const (
	huffmanPeek    = 9  // bits that are looked at first
	huffmanLongest = 19 // word
)

// parse returns t to work with.
func (t tree) parse() *huffman {
	h := &huffman{}
	next := uint64(0) // word, as the upper of 32 bits
	for ; t != ""; t = t[3:] {
		pair, _ := strconv.ParseUint(string(t[:2]), 16, 8)
		size, _ := strconv.ParseUint(string(t[2:3]), 36, 8)
		h.side = max(h.side, int(pair>>4)+1, int(pair&15)+1)
		h.words[pair].code, h.words[pair].size = int(next>>(32-size)), int(size)
		h.starts = append(h.starts, uint32(next))
		h.leaves = append(h.leaves, huffmanLeaf{uint8(pair >> 4), uint8(pair & 15), uint8(size)})
		next += 1 << (32 - size)
	}
	leaf := 0
	for i := range h.first {
		for leaf+1 < len(h.starts) && uint64(h.starts[leaf+1]) <= uint64(i)<<(32-huffmanPeek) {
			leaf++
		}
		h.first[i] = uint16(leaf)
	}
	return h
}

// read returns the pair of values whose word comes next.
func (h *huffman) read(r *bitReader) huffmanLeaf {
	v := r.peek(huffmanLongest) << (32 - huffmanLongest)
	low, high := h.first[v>>(32-huffmanPeek)], h.first[v>>(32-huffmanPeek)+1]
	for low < high {
		if middle := (low + high + 1) / 2; h.starts[middle] <= v {
			low = middle
		} else {
			high = middle - 1
		}
	}
	leaf := h.leaves[low]
	r.pos += int(leaf.size)
	return leaf
}

// A pairTable is what a table_select stands for: a code for pairs of values, in which
// 15 is followed by so many bits of what the value is above that.
type pairTable struct {
	*huffman
	linbits int
	first   int // the first table with this code
}

// largest returns the largest value that has a word.
func (t *pairTable) largest() int { return t.side - 1 + 1<<t.linbits - 1 }

// pairTables are by table_select; nil are 0, which stands for zeros alone, and those
// that do not exist.
var pairTables = func() (all [32]pairTable) {
	for i, t := range []tree{1: tree1, 2: tree2, 3: tree3, 5: tree5, 6: tree6, 7: tree7, 8: tree8, 9: tree9, 10: tree10, 11: tree11, 12: tree12, 13: tree13, 15: tree15} {
		if t != "" {
			all[i] = pairTable{huffman: t.parse(), first: i}
		}
	}
	small, large := tree16.parse(), tree24.parse()
	for i, n := range []int{1, 2, 3, 4, 6, 8, 10, 13} {
		all[16+i] = pairTable{small, n, 16}
	}
	for i, n := range []int{4, 5, 6, 7, 8, 9, 11, 13} {
		all[24+i] = pairTable{large, n, 24}
	}
	return all
}()

// quadTables are by count1table_select.
var quadTables = [2]*huffman{treeA.parse(), treeB.parse()}
