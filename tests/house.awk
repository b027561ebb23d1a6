# SPDX-License-Identifier: MIT
#
# tests/house.awk - draws docs/house.svg from `tests/floors.sh --graph` (make house).
#
# A room stands one storey above the highest room that it uses. Arrows that follow from others are
# left out; those that pass a storey get a place of their own there, so that they run between boxes.
# What stands where in a storey is found by sweeps to the mean place of the neighbours.

BEGIN {
	WIDTH = 1280
	BOX_W = 192
	BOX_H = 58
	STOREY = 104
	LANE = 14    # the width that a passing arrow has
	GAP = 16
	TOP = 64
}

$1 == "room" {
	name[++rooms] = $2
	rank[$2] = rooms
	pure[$2] = $3 == "pure"
	lines[$2] = $5
	total += $5
	says = $0
	sub(/^room [^ ]+ [^ ]+ [^ ]+ [^ ]+ /, "", says)
	holds[$2] = says
}

$1 == "arrow" && rank[$3] < rank[$2] { uses[$2, $3] = 1 }

# ---- the graph ----

# Which rooms each one reaches; rooms are numbered from below.
function close_graph(    i, k, m) {
	for (i = 1; i <= rooms; i++)
		for (k = i - 1; k >= 1; k--)
			if ((name[i], name[k]) in uses) {
				reach[i, k] = 1
				for (m = 1; m < k; m++)
					if ((k, m) in reach)
						reach[i, m] = 1
			}
}

# Does @i use @k only by way of another room that it uses?
function follows(i, k,    m) {
	for (m = k + 1; m < i; m++)
		if (((name[i], name[m]) in uses) && ((m, k) in reach))
			return 1
	return 0
}

function put(v, storey) {
	level[v] = storey
	row[storey, ++in_row[storey]] = v
	if (storey > highest)
		highest = storey
}

function connect(above, below) {
	down[above, ++n_down[above]] = below
	up[below, ++n_up[below]] = above
}

# Boxes are numbered as rooms are; places of passing arrows follow.
function build(    i, k, m, last, best) {
	nodes = rooms
	for (i = 1; i <= rooms; i++) {
		best = -1
		for (k = 1; k < i; k++)
			if (((name[i], name[k]) in uses) && level[k] > best)
				best = level[k]
		put(i, best + 1)
	}
	for (i = 1; i <= rooms; i++)
		for (k = 1; k < i; k++) {
			if (!((name[i], name[k]) in uses) || follows(i, k))
				continue
			last = i
			for (m = level[i] - 1; m > level[k]; m--) {
				put(++nodes, m)
				connect(last, nodes)
				last = nodes
			}
			connect(last, k)
		}
}

# ---- order in a storey ----

function crossings(    s, a, b, i, k, n) {
	for (s = 1; s <= highest; s++)
		for (a = 1; a <= in_row[s]; a++)
			for (b = a + 1; b <= in_row[s]; b++)
				for (i = 1; i <= n_down[row[s, a]]; i++)
					for (k = 1; k <= n_down[row[s, b]]; k++)
						n += at[down[row[s, a], i]] > at[down[row[s, b], k]]
	return n
}

function number_row(s,    i) {
	for (i = 1; i <= in_row[s]; i++)
		at[row[s, i]] = i - (in_row[s] + 1) / 2
}

# Sorts a storey by the mean place of the neighbours on one side.
function sort_row(s, from_below,    i, k, v, sum, n) {
	for (i = 1; i <= in_row[s]; i++) {
		v = row[s, i]
		n = from_below ? n_down[v] : n_up[v]
		sum = 0
		for (k = 1; k <= n; k++)
			sum += at[from_below ? down[v, k] : up[v, k]]
		want[v] = n ? sum / n : at[v]
	}
	for (i = 2; i <= in_row[s]; i++) {
		v = row[s, i]
		for (k = i - 1; k >= 1 && want[row[s, k]] > want[v]; k--)
			row[s, k + 1] = row[s, k]
		row[s, k + 1] = v
	}
	number_row(s)
}

function swap(s, i,    v) {
	v = row[s, i]
	row[s, i] = row[s, i + 1]
	row[s, i + 1] = v
	number_row(s)
}

# Sweeps, then exchanges of neighbours as long as they help.
function arrange(    s, i, n, now, best, better) {
	for (s = 0; s <= highest; s++)
		number_row(s)
	best = -1
	for (n = 0; n < 40; n++) {
		for (s = 1; s <= highest; s++)
			sort_row(s, 1)
		for (s = highest - 1; s >= 0; s--)
			sort_row(s, 0)
		now = crossings()
		if (best < 0 || now < best) {
			best = now
			for (s = 0; s <= highest; s++)
				for (i = 1; i <= in_row[s]; i++)
					kept[s, i] = row[s, i]
		}
	}
	for (s = 0; s <= highest; s++) {
		for (i = 1; i <= in_row[s]; i++)
			row[s, i] = kept[s, i]
		number_row(s)
	}
	do {
		better = 0
		for (s = 0; s <= highest; s++)
			for (i = 1; i < in_row[s]; i++) {
				swap(s, i)
				now = crossings()
				if (now < best) {
					best = now
					better = 1
				} else
					swap(s, i)
			}
	} while (better)
}

# ---- places ----

function width(v) {
	return v <= rooms ? BOX_W : LANE
}

# The least distance between the middles of two neighbours.
function apart(v, w) {
	return (width(v) + width(w)) / 2 + GAP
}

# Moves the boxes of a storey towards where they want to be, without one over another: the mean of
# as far left and as far right as they would go, and then into the margins.
function settle(s,    i, n, v, w) {
	n = in_row[s]
	for (i = 1; i <= n; i++) {
		v = row[s, i]
		left[v] = want[v]
		if (i > 1 && left[w = row[s, i - 1]] + apart(w, v) > left[v])
			left[v] = left[w] + apart(w, v)
	}
	for (i = n; i >= 1; i--) {
		v = row[s, i]
		right[v] = want[v]
		if (i < n && right[w = row[s, i + 1]] - apart(v, w) < right[v])
			right[v] = right[w] - apart(v, w)
		x[v] = (left[v] + right[v]) / 2
	}
	for (i = n; i >= 1; i--) {
		v = row[s, i]
		right[v] = i == n ? WIDTH - 12 - width(v) / 2 : x[row[s, i + 1]] - apart(v, row[s, i + 1])
		if (x[v] > right[v])
			x[v] = right[v]
	}
	for (i = 1; i <= n; i++) {
		v = row[s, i]
		left[v] = i == 1 ? 12 + width(v) / 2 : x[row[s, i - 1]] + apart(row[s, i - 1], v)
		if (x[v] < left[v])
			x[v] = left[v]
	}
}

function place(    s, i, k, v, n, sum, weight, w, round) {
	for (s = 0; s <= highest; s++) {
		for (i = 1; i <= in_row[s]; i++)
			want[row[s, i]] = WIDTH / 2 + at[row[s, i]] * (BOX_W + GAP)
		settle(s)
	}
	for (round = 0; round < 200; round++)
		for (s = 0; s <= highest; s++) {
			for (i = 1; i <= in_row[s]; i++) {
				v = row[s, i]
				sum = weight = 0
				for (k = 1; k <= n_down[v]; k++) {
					w = v > rooms ? 6 : 1
					sum += w * x[down[v, k]]
					weight += w
				}
				for (k = 1; k <= n_up[v]; k++) {
					w = v > rooms || up[v, k] > rooms ? 3 : 1
					sum += w * x[up[v, k]]
					weight += w
				}
				want[v] = 0.48 * x[v] + 0.5 * (weight ? sum / weight : x[v]) + 0.02 * WIDTH / 2
			}
			settle(s)
		}
	centre()
}

# The picture into the middle.
function centre(    v, lo, hi) {
	lo = WIDTH
	for (v = 1; v <= nodes; v++) {
		if (x[v] - width(v) / 2 < lo)
			lo = x[v] - width(v) / 2
		if (x[v] + width(v) / 2 > hi)
			hi = x[v] + width(v) / 2
	}
	for (v = 1; v <= nodes; v++)
		x[v] += (WIDTH - hi - lo) / 2
}

function top_of(v) {
	return TOP + (highest - level[v]) * STOREY
}

# ---- drawing ----

# 4557 -> "4,600": so exact that the picture does not change with every line.
function about(n,    s) {
	n = n < 1000 ? int(n / 10 + 0.5) * 10 : int(n / 100 + 0.5) * 100
	if (n < 1000)
		return n ""
	s = sprintf("%03d", n % 1000)
	return int(n / 1000) "," s
}

# Where the arrows of a box begin or end: side by side, in the order of their other ends.
function port(v, other, above,    i, n, before, w) {
	if (v > rooms)
		return x[v]
	n = above ? n_up[v] : n_down[v]
	before = 0
	for (i = 1; i <= n; i++) {
		w = above ? up[v, i] : down[v, i]
		before += x[w] < x[other] || (x[w] == x[other] && w < other)
	}
	return x[v] + (before - (n - 1) / 2) * (n > 8 ? 150 / n : 18)
}

# One arrow from box @v by way of @w down to the next box.
function draw_arrow(v, w,    path, x1, y1, x2, y2, bend) {
	x1 = port(v, w, 0)
	y1 = top_of(v) + BOX_H
	path = sprintf("M%.0f %.0f", x1, y1)
	for (;;) {
		x2 = port(w, v, 1)
		y2 = top_of(w) - (w > rooms ? 0 : 7)
		bend = (y2 - y1) * 0.55
		path = path sprintf("C%.0f %.0f %.0f %.0f %.0f %.0f", x1, y1 + bend, x2, y2 - bend, x2, y2)
		if (w <= rooms)
			break
		x1 = x[w]
		y1 = top_of(w) + BOX_H
		path = path sprintf("V%.0f", y1)
		v = w
		w = down[w, 1]
	}
	printf "<path class=\"arrow\" d=\"%s\" marker-end=\"url(#head)\"/>\n", path
}

# @text in lines of at most 28 characters, below the name.
function draw_words(edge, y, text,    n, word, i, line) {
	n = split(text, word, " ")
	line = word[1]
	for (i = 2; i <= n; i++) {
		if (length(line " " word[i]) > 28) {
			printf "<text class=\"words\" x=\"%.0f\" y=\"%.0f\">%s</text>\n", edge, y, line
			y += 14
			line = word[i]
		} else
			line = line " " word[i]
	}
	printf "<text class=\"words\" x=\"%.0f\" y=\"%.0f\">%s</text>\n", edge, y, line
}

function draw_room(v,    edge, y) {
	edge = x[v] - BOX_W / 2
	y = top_of(v)
	printf "<rect class=\"%s\" x=\"%.0f\" y=\"%.0f\" width=\"%d\" height=\"%d\" rx=\"5\"/>\n",
		pure[name[v]] ? "pure" : "impure", edge, y, BOX_W, BOX_H
	printf "<text class=\"name\" x=\"%.0f\" y=\"%.0f\">%s</text>\n", edge + 9, y + 19, name[v]
	printf "<text class=\"count\" x=\"%.0f\" y=\"%.0f\">%s</text>\n", edge + BOX_W - 9, y + 19,
		about(lines[name[v]])
	draw_words(edge + 9, y + 36, holds[name[v]])
}

function draw_head(height) {
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" aria-label=\"The rooms of natdlab and which uses which\">\n",
		WIDTH, height, WIDTH, height
	print "<!-- Made by tests/house.awk (make house). -->"
	print "<style>"
	print "svg { background: #ffffff }"
	print ".ground { fill: #ffffff }"
	print "text { font-family: system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #1b2733 }"
	print ".title { font-size: 17px; font-weight: 600 }"
	print ".name { font-size: 14px; font-weight: 600 }"
	print ".count { font-size: 12px; text-anchor: end; fill: #4a5967 }"
	print ".words, .legend { font-size: 11.5px; fill: #33424f }"
	print ".legend { font-size: 12.5px }"
	print ".pure { fill: #e4eefb; stroke: #3f74b5 }"
	print ".impure { fill: #fdebd2; stroke: #b9761a }"
	print ".arrow { fill: none; stroke: #6a7885; stroke-width: 1.3 }"
	print ".tip { fill: #6a7885 }"
	print "@media (prefers-color-scheme: dark) {"
	print "svg { background: #14191f }"
	print ".ground { fill: #14191f }"
	print "text { fill: #e8edf2 }"
	print ".count { fill: #a9b6c2 }"
	print ".words, .legend { fill: #c3ced8 }"
	print ".pure { fill: #1c3049; stroke: #6ea3e3 }"
	print ".impure { fill: #47320f; stroke: #e0a34a }"
	print ".arrow { stroke: #8695a3 }"
	print ".tip { fill: #8695a3 }"
	print "}"
	print "</style>"
	print "<defs><marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"1\" refY=\"4\" markerWidth=\"6\" markerHeight=\"6\" orient=\"auto\"><path class=\"tip\" d=\"M0 0L8 4L0 8z\"/></marker></defs>"
	printf "<rect class=\"ground\" width=\"%d\" height=\"%d\"/>\n", WIDTH, height
}

function draw_legend() {
	print "<text class=\"title\" x=\"14\" y=\"28\">The house of natdlab</text>"
	printf "<text class=\"legend\" x=\"14\" y=\"48\">%s lines of C without comments and blanks; in a box its own</text>\n", about(total)
	print "<rect class=\"pure\" x=\"14\" y=\"62\" width=\"26\" height=\"15\" rx=\"3\"/>"
	print "<text class=\"legend\" x=\"48\" y=\"74\">pure: bytes, values and text only</text>"
	print "<rect class=\"impure\" x=\"14\" y=\"84\" width=\"26\" height=\"15\" rx=\"3\"/>"
	print "<text class=\"legend\" x=\"48\" y=\"96\">sees the kernel, the clock, files</text>"
	print "<path class=\"arrow\" d=\"M14 114H34\" marker-end=\"url(#head)\"/>"
	print "<text class=\"legend\" x=\"48\" y=\"118\">uses (what follows from other arrows is left out)</text>"
}

END {
	close_graph()
	build()
	arrange()
	place()
	draw_head(TOP + highest * STOREY + BOX_H + 20)
	for (v = 1; v <= rooms; v++)
		for (i = 1; i <= n_down[v]; i++)
			draw_arrow(v, down[v, i])
	for (v = 1; v <= rooms; v++)
		draw_room(v)
	draw_legend()
	print "</svg>"
}
