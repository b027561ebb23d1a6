# SPDX-License-Identifier: MIT
#
# tests/floors.awk - the checks of tests/floors.sh, which says what they are.
#
# Reads, in this order, the list of rooms (phase=rooms), the known breaches (phase=known), the
# sources (phase=source) and what `readelf -rsSW` says of their objects (phase=object).
# graph=1: prints the graph of rooms instead, for tests/house.awk.

function room_of(file) {
	sub(/\/[^\/]*$/, "", file)
	return file
}

# Notes a breach; @key is what tests/floors.known has for it, a circle's files being several.
function breach(key, says,    i, n, part) {
	n = split(key, part, ";")
	for (i = 1; i <= n; i++)
		if (!(part[i] in known))
			break
	if (i <= n) {
		print "floors: " says
		if (keys)
			for (i = 1; i <= n; i++)
				print part[i]
		bad = 1
		return
	}
	for (i = 1; i <= n; i++)
		met[part[i]] = 1
	old++
}

function number_of_hex(s,    i, n) {
	for (i = 1; i <= length(s); i++)
		n = n * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
	return n
}

# ---- what is allowed ----

# The one file that knows a library, as a pattern, by the library's headers.
function library_of_header(header) {
	if (header ~ /^yaml\.h$/) return "lab/topology/yaml"
	if (header ~ /^netlink\//) return "lab/os/rtnetlink"
	if (header ~ /^nftables\//) return "lab/os/nft"
	if (header ~ /^libmnl\/|^linux\/netfilter\//) return "lab/os/ctnetlink"
	if (header ~ /^openssl\//) return "nodes/crypto/crypto"
	if (header ~ /^jansson\.h$/) return "lab/report/report_priv"
	if (header ~ /^cmocka\.h$/) return "tests"
	return ""
}

# Headers through which a file could reach a socket, a clock, a descriptor or another process.
function leads_outside(header) {
	return header ~ /^(sys|net|netinet|arpa|linux)\// ||
		header ~ /^(unistd|fcntl|poll|time|signal|pthread|sched|spawn|termios|pwd|netdb|dirent)\.h$/
}

# Functions of the C library that depend on their arguments alone, or write to a FILE that was
# handed in; and what compilers, sanitizers and fuzzers add. What is missing here and harmless may
# be added; a clock may not.
function harmless(symbol) {
	return symbol ~ /^(mem[a-z]*|str(len|nlen|cmp|ncmp|casecmp|ncasecmp|chr|rchr|str|spn|cspn|pbrk|sep|dup|ndup))$/ ||
		symbol ~ /^(strto(l|ul|ll|ull|imax|umax)|strtok_r|stpcpy|strchrnul|strerror(_r)?)$/ ||
		symbol ~ /^(v?sn?printf|v?asprintf|v?fprintf|fput[cs]|putc|_IO_putc|qsort(_r)?|bsearch|abort)$/ ||
		symbol ~ /^(malloc|calloc|realloc|reallocarray|free|open_memstream|fmemopen)$/ ||
		symbol ~ /^(fwrite|fread|fgetc|getc|feof|ferror|fflush|fclose|clearerr)$/ ||
		symbol ~ /^(__ctype_b_loc|__ctype_to(lower|upper)_loc|__errno_location)$/ ||
		symbol ~ /^(is(digit|alpha|alnum|xdigit|print|space|upper|lower)|to(lower|upper)|l?labs|abs|ffs)$/ ||
		symbol ~ /^(__[a-z]*_chk|__isoc(99|23)_[a-z]*|__assert_fail|__stack_chk_fail|__popcountdi2)$/ ||
		symbol ~ /^(_GLOBAL_OFFSET_TABLE_|__(asan|ubsan|sanitizer|sancov)_.*)$/
}

# Exceptions: @what is a header, a symbol or "variables".
function exempt(file, what) {
	if (file == "nodes/crypto/crypto.c") # wraps OpenSSL, and rng_new_os() asks the kernel
		return 1
	if (file == "lab/base/inet.c") # text of an address: no socket is opened
		return what ~ /^(arpa\/inet\.h|inet_ntop|inet_pton)$/
	if (file ~ /^lab\/report\/json[a-z_]*\.c$/) # jansson builds values in memory
		return what ~ /^json_/
	if (file == "lab/topology/yaml.c") # libyaml parses bytes in memory
		return what ~ /^yaml_/
	if (file == "lab/base/mem.c") # out of memory ends the program
		return what ~ /^(stderr|exit|_exit)$/
	return 0
}

# ---- the lists ----

phase == "rooms" && NF && !/^#/ {
	rank[$1] = ++n_rooms
	room[n_rooms] = $1
	pure[$1] = $2 == "pure"
	says = $0
	sub(/^[^ ]+ +[^ ]+ +/, "", says)
	holds[$1] = says
}

phase == "known" && NF && !/^#/ {
	sub(/ *#.*/, "")
	known[$0] = 1
}

# ---- the sources ----

phase == "source" && FNR == 1 {
	own = room_of(FILENAME)
	in_comment = 0
	is_header = FILENAME ~ /\.h$/
	if (!(own in rank))
		breach("no room " own, FILENAME ": its folder is no room; add the folder to " \
			"tests/rooms.txt, above those that use it")
	n_files[own]++
	if (FILENAME ~ /_priv\.h$/) {
		if (own in priv)
			breach("second priv " FILENAME, FILENAME ": " own " has " priv[own] \
				" already; join the two")
		priv[own] = FILENAME
	}
}

phase == "source" && /^[ \t]*#[ \t]*include[ \t]*[<"]/ {
	header = $0
	sub(/^[^<"]*[<"]/, "", header)
	sub(/[>"].*/, "", header)
	included(FILENAME, own, header)
}

# Bytes of the wire have one reader and writer, lab/base/wire.h.
phase == "source" && pure[own] && /(^|[^a-z_0-9])(ntohs|ntohl|htons|htonl|be16toh|be32toh)[^a-z_0-9]|__attribute__\(\(packed/ {
	breach("wire " FILENAME, FILENAME ":" FNR ": bytes of the wire are read and written by " \
		"rd_ and wr_ (lab/base/wire.h)")
}

# Lines of code: neither blank nor comment. And the words of headers, which declare things.
phase == "source" {
	line = $0
	code = ""
	while (line != "") {
		if (in_comment) {
			if (!(i = index(line, "*/")))
				break
			line = substr(line, i + 2)
			in_comment = 0
		} else {
			if (!(i = index(line, "/*"))) {
				code = code line
				break
			}
			code = code substr(line, 1, i - 1)
			line = substr(line, i + 2)
			in_comment = 1
		}
	}
	if (code ~ /[^ \t]/)
		lines[own]++
	if (is_header) {
		n = split(code, word, /[^A-Za-z0-9_]+/)
		for (i = 1; i <= n; i++)
			declares[FILENAME, word[i]] = 1
	}
}

function included(file, own, header,    their, owner) {
	if (header ~ /^(lab|nodes|tests)\//) {
		their = room_of(header)
		if (!(their in rank))
			breach("include " file " " header, file " includes " header \
				", which is in no room")
		else if (rank[their] > rank[own])
			breach("include " file " " header, file " includes " header ": " their \
				" is above " own "; move what is needed down, or the user up")
		else if (their != own)
			arrow[own, their]++
		if (header ~ /_priv\.h$/ && their != own)
			breach("include " file " " header, file " includes " header \
				", which only " their " may; declare what is needed in the header" \
				" of the source that defines it")
		return
	}
	owner = library_of_header(header)
	if (owner != "" && file !~ ("^" owner "\\.[ch]$"))
		breach("library " file " " header, file " includes <" header ">, a library " \
			"that only " owner " knows; ask that file to do it")
	if (pure[own] && leads_outside(header) && !exempt(file, header))
		breach("outside " file " " header, file " includes <" header ">: " own \
			" is pure; take the value as an argument")
}

# ---- the objects ----

phase == "object" && /^File: / {
	object_end()
	object = $2
	file = object
	sub(/\.o$/, ".c", file)
	file = substr(file, length(B) + 2)
	built[file] = 1
	n_uses = n_places = 0
	split("", section)
	next
}

phase == "object" && /^ +\[ *[0-9]+\] [.]/ {
	sub(/\[ +/, "[")
	sub(/^ +\[/, "")
	sub(/\]/, "")
	section[$1] = $2
	if (pure[room_of(file)] && $6 !~ /^0+$/ && !exempt(file, "variables") &&
	    $2 ~ /^\.(data|bss|tdata|tbss|data\.rel|data\.rel\.local)(\.|$)/ && $2 !~ /^\.data\.rel\.ro/)
		breach("variable " file, file " has a variable (section " $2 " is not empty): " \
			room_of(file) " is pure; make it const, or hand it in")
	next
}

phase == "object" && /^Relocation section / {
	sub(/^[^']*'\.rela?/, "")
	sub(/'.*/, "")
	from = $0
	skip = from ~ /^\.(debug|eh_frame)/
	next
}

phase == "object" && !skip && $3 ~ /^R_/ && $5 ~ /^[A-Za-z_]/ {
	if (!((file, $5) in place_section)) {
		place_section[file, $5] = from
		place_offset[file, $5] = $1
	}
	next
}

phase == "object" && /^Symbol table/ { skip = 1; next }

# Num: Value Size Type Bind Vis Ndx Name
phase == "object" && $1 ~ /^[0-9]+:$/ && NF >= 8 {
	if ($7 == "UND") {
		uses[++n_uses] = $8
		next
	}
	if ($5 != "LOCAL" && $7 ~ /^[0-9]+$/)
		defined[$8] = file
	if ($4 == "FUNC" || $4 == "OBJECT") {
		n_places++
		p_section[n_places] = section[$7]
		p_from[n_places] = number_of_hex($2)
		p_to[n_places] = p_from[n_places] + ($3 ~ /^0x/ ? number_of_hex(substr($3, 3)) : $3)
		p_name[n_places] = $8
	}
}

# The symbols that the object takes from elsewhere, and the first function or table that does.
function object_end(    i, k, at, sec, who) {
	for (i = 1; i <= n_uses; i++) {
		who = ""
		sec = place_section[file, uses[i]]
		at = number_of_hex(place_offset[file, uses[i]])
		for (k = 1; k <= n_places && who == ""; k++)
			if (p_section[k] == sec && p_from[k] <= at && at < p_to[k])
				who = p_name[k]
		sub(/\..*/, "", who) # foo.cold, foo.part.0
		n_all++
		use_file[n_all] = file
		use_symbol[n_all] = uses[i]
		use_by[n_all] = who == "" ? "?" : who
	}
	n_uses = 0
}

function check_use(file, symbol, by,    from, own, their, header) {
	own = room_of(file)
	if (!(symbol in defined)) {
		if (pure[own] && !harmless(symbol) && !exempt(file, symbol))
			breach("impure " file " " symbol, file ": " by " uses " symbol ": " own \
				" is pure; take the value as an argument, or move it to lab/os")
		return
	}
	from = defined[symbol]
	their = room_of(from)
	if (from == file)
		return
	header = from
	sub(/c$/, "h", header)
	if (rank[their] > rank[own])
		breach("use " file " " from, file ": " by " uses " symbol " of " from ": " their \
			" is above " own "; move one of them, or hand the value in")
	else if (their != own) {
		arrow[own, their]++
		if (!((header, symbol) in declares))
			not_in_header(from, header, symbol, file)
	} else {
		if (!((header, symbol) in declares) && !((priv[own], symbol) in declares))
			not_in_header(from, header " or in the room's _priv.h", symbol, file)
		if (!((file, from) in edge)) {
			edge[file, from] = by " uses " symbol
			next_of[file, ++n_next[file]] = from
		}
	}
}

# One breach for all symbols of a file that are not declared where they should be.
function not_in_header(from, where, symbol, user) {
	if ((from, symbol) in undeclared)
		return
	undeclared[from, symbol] = 1
	if (!(from in header_says))
		header_where[from] = where
	header_says[from] = header_says[from] (header_says[from] == "" ? "" : ", ") symbol " (for " user ")"
}

# ---- circles of files: Tarjan's algorithm ----

function visit(v,    i, w) {
	order[v] = low[v] = ++time
	stack[++depth] = v
	on_stack[v] = 1
	for (i = 1; i <= n_next[v]; i++) {
		w = next_of[v, i]
		if (!(w in order)) {
			visit(w)
			if (low[w] < low[v])
				low[v] = low[w]
		} else if (on_stack[w] && order[w] < low[v])
			low[v] = order[w]
	}
	if (low[v] == order[v])
		circle(v)
}

# Takes the component of @v from the stack; more than one file is a breach.
function circle(v,    w, n, part, i, k, key, says) {
	do {
		w = stack[depth--]
		on_stack[w] = 0
		part[++n] = w
	} while (w != v)
	if (n == 1)
		return
	for (i = 1; i <= n; i++)
		key = key (i > 1 ? ";" : "") "circle " part[i]
	says = "a circle of " n " files, of which none can be understood or tested without the others;" \
		" move a function down, or hand its result in:"
	for (i = 1; i <= n; i++)
		for (k = 1; k <= n; k++)
			if ((part[i], part[k]) in edge)
				says = says "\n\t" part[i] " -> " part[k] ": " edge[part[i], part[k]]
	breach(key, says)
}

function print_graph(    i, k) {
	for (i = 1; i <= n_rooms; i++)
		print "room", room[i], pure[room[i]] ? "pure" : "impure", n_files[room[i]] + 0, \
			lines[room[i]] + 0, holds[room[i]]
	for (i = 1; i <= n_rooms; i++)
		for (k = 1; k <= n_rooms; k++)
			if ((room[i], room[k]) in arrow)
				print "arrow", room[i], room[k], arrow[room[i], room[k]]
}

END {
	object_end()
	for (i = 1; i <= n_all; i++)
		check_use(use_file[i], use_symbol[i], use_by[i])
	for (from in header_says)
		breach("header " from, from ": declare in " header_where[from] ": " header_says[from])
	for (i = 1; i <= n_all; i++)
		if (!(use_file[i] in order))
			visit(use_file[i])
	if (graph) {
		print_graph()
		exit 0
	}
	for (key in known)
		if (!(key in met))
			print "floors: tests/floors.known: \"" key "\" is mended; remove the line"
	if (old)
		print "floors: " old " known breaches are left (tests/floors.known)"
	if (bad)
		print "floors: what a later step mends may stand in tests/floors.known until then;" \
			" FLOORS_KEYS=1 tests/floors.sh prints its lines"
	exit bad
}
