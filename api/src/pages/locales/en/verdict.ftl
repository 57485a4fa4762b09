# What a scan turned out to be, and what to do.
sign-may = May be dispensed
sign-ask = Check first
sign-stop = Do not dispense
sign-offline = Not verified
offline-reason = The network is gone, so nobody can say whether this pack is genuine.
offline-step = If you have to supply it now, look at its seal and do so here: it is recorded with this time and sent as soon as the network is back. A refusal is then shown to you.
next-step = Next:
perhaps-meant = Perhaps meant:
take-suggestion = Verify this instead
findings = What the rules find in its past
details = In detail

verdict-may_be_dispensed = This pack is genuine and may be dispensed.
verdict-may_be_dispensed-step = Dispense it; with consent, if it is to be recorded for the patient.
verdict-genuine = This pack is genuine and in your hands.
verdict-genuine-step = It may be shipped on.
verdict-container = This container is genuine and in your hands.
verdict-container-step = Open it and scan the packs one by one.
verdict-no_serial = The code names a product, but no single pack.
verdict-no_serial-step = Scan the square two-dimensional code of the pack, not the product's bar code.
verdict-unreadable-step = This says nothing about the pack. Scan it again; if that does not help, check the scanner's keyboard setting.
verdict-unknown_container = No member of this network packed a container of this number.
verdict-unknown_container-step = Ask the sender whether it takes part. Scan the packs in it one by one.
verdict-unknown_product = No member of this network makes a product of this number.
verdict-unknown_product-step = Do not dispense on this answer. Check that you scanned the pack's own code and that its maker takes part.
verdict-unknown_lot = The manufacturer never made this lot.
verdict-unknown_lot-step = Set the pack aside and report it.
verdict-unknown_serial = No pack with this serial number was ever made.
verdict-unknown_serial-step = Set the pack aside and report it.
verdict-lot_mismatch = The lot on the pack is not the one it was made in.
verdict-lot_mismatch-step = Set the pack aside and report it.
verdict-expiry_mismatch = The expiry date on the pack is not the one it was made with.
verdict-expiry_mismatch-step = Set the pack aside and report it.
verdict-lot_and_expiry_mismatch = Lot and expiry date are not those the pack was made with.
verdict-lot_and_expiry_mismatch-step = Set the pack aside and report it.
verdict-already_dispensed = { $place ->
    [elsewhere] This pack was already dispensed at another location.
   *[here] This pack was already dispensed at this location.
}
verdict-already_dispensed-step = { $place ->
    [elsewhere] Set the pack aside and report it.
   *[here] If it was dispensed by mistake and never handed over, undo that. Else set it aside and report it.
}
verdict-stolen = This pack was reported stolen.
verdict-stolen-step = Set the pack aside and report it.
verdict-already_decommissioned = { $place ->
    [elsewhere] This pack was taken out of the trade at another location.
   *[here] This pack was taken out of the trade at this location.
}
verdict-already_decommissioned-step = { $place ->
    [elsewhere] Set the pack aside and report it.
   *[here] If that was a mistake, undo it. Else set the pack aside and report it.
}
verdict-repackaged = { $place ->
    [elsewhere] This pack was used up when its contents were repackaged at another location.
   *[here] This pack was used up when its contents were repackaged at this location.
}
verdict-repackaged-step = { $place ->
    [elsewhere] Set the pack aside and report it.
   *[here] Scan the pack that its contents went into.
}
verdict-recalled = This pack is genuine and recalled (class { $class }).
verdict-recalled-step = Set it aside and return it as the recall notice says.
verdict-quarantined = This pack is set apart while it is looked into.
verdict-quarantined-step = Keep it aside until it is released.
verdict-expired = This pack is genuine and past its expiry date.
verdict-expired-step = Set it aside for destruction.
verdict-not_received = This pack is genuine and on its way to you, but its delivery was not accepted yet.
verdict-not_received-step = Accept the delivery, then scan again.
verdict-held_elsewhere = A pack of this number is genuine, but another location holds it.
verdict-held_elsewhere-step = Check whether its delivery was recorded. If it was not bought from there, it may be a copy: set it aside and report it.

scan-empty = Nothing was scanned.
scan-too_long = That is longer than any code on a pack.
scan-unknown_form = That is no code of a pack.
scan-unknown_ai = A part of the code is of no known kind.
scan-wrong_length = A part of the code is too short or too long.
scan-wrong_character = A character stands in the code that cannot be there.
scan-wrong_check_digit = The check digit is wrong: a digit was misread or mistyped.
scan-wrong_date = The date in the code is no date.
scan-wrong_content = A part of the code has a value that it cannot have.
scan-wrong_link = The link in the code is not one of a pack.
scan-compressed = The code is a compressed link, which is not read here.
scan-missing_required = A part that the code needs is missing.
scan-excluded = Two parts of the code exclude each other.
scan-repeated = A part of the code stands there twice, with different values.
scan-lost_separator = The separator after a part of the code was lost on its way from the scanner.
scan-caps_lock = Upper and lower case are swapped: caps lock is on.
scan-keyboard_layout = The scanner types for another keyboard language.
scan-day_zero = The expiry date has no day: the last day of the month counts.
note-day_zero = The expiry date has no day: the last day of the month counts.
note-caps_lock = Check caps lock.
note-keyboard_layout = Check the scanner's keyboard language.
note-lost_separator = The code has no serial number of its own; it may stand in the lot, because the separator got lost on its way.
note-missing_required = A part of the code stands without another that belongs to it; that may be in a second symbol of the label.
note-disputed = A receiver once reported that this pack was not as offered.
note-in_container = The ledger says that this pack is still inside a container.

fact-product = Product
fact-gtin = GTIN
fact-container = Container
fact-serial = Serial number
fact-lot = Lot
fact-expiry = Expires
fact-status = On the ledger
fact-alert = Alert code
fact-scan = Scan
status-active = in the trade
status-dispensed = dispensed
status-decommissioned = out of the trade
status-stolen = stolen
status-destroyed = destroyed
status-repackaged = repackaged

detail-whole = The code
detail-range = { $min } to { $max }
detail-empty = Nothing arrived from the scanner.
detail-too_long = Scan one symbol at a time.
detail-unknown_form = “{ $given }” begins no form that is read here: an element string, (01)…, a Digital Link or an EPC URN.
detail-unknown_ai = “{ $given }” is no Application Identifier.
detail-wrong_length = { $part }: “{ $given }” has { $length } characters; { $range } are allowed.
detail-wrong_length-unbounded = { $part }: “{ $given }” has { $length } characters, which is too few or too many.
detail-wrong_character = { $part }: the character “{ $found }” at position { $position } of “{ $given }” is not allowed there.
detail-wrong_check_digit = { $part }: the check digit of “{ $given }” is { $found }, but the other digits give { $expected }.
detail-wrong_date = { $part }: “{ $given }” is no date of the form YYMMDD.
detail-wrong_content = { $part }: “{ $given }” is no value that it can have.
detail-wrong_link = { $part }: “{ $given }” in the link is not right.
detail-compressed = The link names no GS1 key in the clear. Scan another symbol of the pack.
detail-missing_required = { $part } needs { $needs } with it. Scan the whole symbol.
detail-excluded = { $part } may not come together with { $other }. Scan one symbol only.
detail-repeated = { $part } stands twice, as “{ $given }” and as “{ $other }”.
detail-lost_separator = Set the scanner to transmit the group separator (FNC1) unchanged.
detail-caps_lock = Switch caps lock off and scan again.
detail-keyboard_layout = Set scanner and computer to the same keyboard language and scan again.
detail-day_zero = { $part } names no day.
part-contained-gtin = contained GTIN
part-lot = lot
part-production-date = production date
part-best-before-date = best-before date
part-sell-by-date = sell-by date
part-expiry-date = expiry date
part-serial-number = serial number
part-count = count
part-gln-extension = GLN extension
part-national-drug-number = national drug number
part-cpi-serial = CPI serial
part-value = value
