# Was ein Scan ergab und was zu tun ist.
sign-may = Darf abgegeben werden
sign-ask = Erst klären
sign-stop = Nicht abgeben
sign-offline = Nicht geprüft
offline-reason = Das Netz ist weg; niemand kann sagen, ob diese Packung echt ist.
offline-step = Wenn Sie jetzt abgeben müssen, sehen Sie sich das Siegel an und tun Sie es hier: Es wird mit dieser Uhrzeit festgehalten und gesendet, sobald das Netz wieder da ist. Eine Ablehnung wird Ihnen dann gezeigt.
next-step = Weiter:
perhaps-meant = Vielleicht gemeint:
take-suggestion = Dies stattdessen prüfen
findings = Was die Regeln in ihrer Vergangenheit finden
details = Genauer

verdict-may_be_dispensed = Diese Packung ist echt und darf abgegeben werden.
verdict-may_be_dispensed-step = Geben Sie sie ab; mit Einwilligung, wenn es für den Patienten aufgezeichnet werden soll.
verdict-genuine = Diese Packung ist echt und bei Ihnen.
verdict-genuine-step = Sie darf weitergeliefert werden.
verdict-container = Dieses Gebinde ist echt und bei Ihnen.
verdict-container-step = Öffnen Sie es und scannen Sie die Packungen einzeln.
verdict-no_serial = Der Code nennt ein Produkt, aber keine einzelne Packung.
verdict-no_serial-step = Scannen Sie den quadratischen Code der Packung, nicht den Strichcode des Produkts.
verdict-unreadable-step = Das sagt nichts über die Packung. Scannen Sie noch einmal; hilft das nicht, prüfen Sie die Tastatureinstellung des Scanners.
verdict-unknown_container = Kein Mitglied dieses Netzes hat ein Gebinde dieser Nummer gepackt.
verdict-unknown_container-step = Fragen Sie den Absender, ob er teilnimmt. Scannen Sie die Packungen darin einzeln.
verdict-unknown_product = Kein Mitglied dieses Netzes stellt ein Produkt dieser Nummer her.
verdict-unknown_product-step = Geben Sie auf diese Auskunft hin nicht ab. Prüfen Sie, ob Sie den Code der Packung gescannt haben und ob der Hersteller teilnimmt.
verdict-unknown_lot = Der Hersteller hat diese Charge nie hergestellt.
verdict-unknown_lot-step = Legen Sie die Packung beiseite und melden Sie sie.
verdict-unknown_serial = Eine Packung mit dieser Seriennummer wurde nie hergestellt.
verdict-unknown_serial-step = Legen Sie die Packung beiseite und melden Sie sie.
verdict-lot_mismatch = Die Charge auf der Packung ist nicht die, in der sie hergestellt wurde.
verdict-lot_mismatch-step = Legen Sie die Packung beiseite und melden Sie sie.
verdict-expiry_mismatch = Das Verfalldatum auf der Packung ist nicht das, mit dem sie hergestellt wurde.
verdict-expiry_mismatch-step = Legen Sie die Packung beiseite und melden Sie sie.
verdict-lot_and_expiry_mismatch = Charge und Verfalldatum sind nicht die, mit denen die Packung hergestellt wurde.
verdict-lot_and_expiry_mismatch-step = Legen Sie die Packung beiseite und melden Sie sie.
verdict-already_dispensed = { $place ->
    [elsewhere] Diese Packung wurde schon an einem anderen Ort abgegeben.
   *[here] Diese Packung wurde hier schon abgegeben.
}
verdict-already_dispensed-step = { $place ->
    [elsewhere] Legen Sie die Packung beiseite und melden Sie sie.
   *[here] Wurde sie versehentlich ausgebucht und nie ausgehändigt, machen Sie das rückgängig. Sonst legen Sie sie beiseite und melden Sie sie.
}
verdict-stolen = Diese Packung ist als gestohlen gemeldet.
verdict-stolen-step = Legen Sie die Packung beiseite und melden Sie sie.
verdict-already_decommissioned = { $place ->
    [elsewhere] Diese Packung wurde an einem anderen Ort aus dem Handel genommen.
   *[here] Diese Packung wurde hier aus dem Handel genommen.
}
verdict-already_decommissioned-step = { $place ->
    [elsewhere] Legen Sie die Packung beiseite und melden Sie sie.
   *[here] War das ein Versehen, machen Sie es rückgängig. Sonst legen Sie die Packung beiseite und melden Sie sie.
}
verdict-repackaged = { $place ->
    [elsewhere] Der Inhalt dieser Packung wurde an einem anderen Ort umgepackt.
   *[here] Der Inhalt dieser Packung wurde hier umgepackt.
}
verdict-repackaged-step = { $place ->
    [elsewhere] Legen Sie die Packung beiseite und melden Sie sie.
   *[here] Scannen Sie die Packung, in die der Inhalt kam.
}
verdict-recalled = Diese Packung ist echt und zurückgerufen (Klasse { $class }).
verdict-recalled-step = Legen Sie sie beiseite und geben Sie sie zurück, wie der Rückruf es sagt.
verdict-quarantined = Diese Packung ist gesperrt, während sie untersucht wird.
verdict-quarantined-step = Halten Sie sie zurück, bis sie freigegeben ist.
verdict-expired = Diese Packung ist echt und über ihr Verfalldatum hinaus.
verdict-expired-step = Legen Sie sie zur Vernichtung beiseite.
verdict-not_received = Diese Packung ist echt und auf dem Weg zu Ihnen, aber die Lieferung wurde noch nicht angenommen.
verdict-not_received-step = Nehmen Sie die Lieferung an und scannen Sie noch einmal.
verdict-held_elsewhere = Eine Packung dieser Nummer ist echt, liegt aber an einem anderen Ort.
verdict-held_elsewhere-step = Prüfen Sie, ob die Lieferung erfasst wurde. Wurde sie nicht von dort gekauft, kann sie eine Kopie sein: Legen Sie sie beiseite und melden Sie sie.

scan-empty = Es wurde nichts gescannt.
scan-too_long = Das ist länger als jeder Code auf einer Packung.
scan-unknown_form = Das ist kein Code einer Packung.
scan-unknown_ai = Ein Teil des Codes ist von keiner bekannten Art.
scan-wrong_length = Ein Teil des Codes ist zu kurz oder zu lang.
scan-wrong_character = Im Code steht ein Zeichen, das dort nicht stehen kann.
scan-wrong_check_digit = Die Prüfziffer stimmt nicht: Eine Ziffer wurde falsch gelesen oder getippt.
scan-wrong_date = Das Datum im Code ist kein Datum.
scan-wrong_content = Ein Teil des Codes hat einen Wert, den er nicht haben kann.
scan-wrong_link = Der Link im Code ist nicht der einer Packung.
scan-compressed = Der Code ist ein verkürzter Link, der hier nicht gelesen wird.
scan-missing_required = Ein Teil, den der Code braucht, fehlt.
scan-excluded = Zwei Teile des Codes schließen einander aus.
scan-repeated = Ein Teil des Codes steht zweimal da, mit verschiedenen Werten.
scan-lost_separator = Das Trennzeichen nach einem Teil des Codes ging auf dem Weg vom Scanner verloren.
scan-caps_lock = Groß- und Kleinschreibung sind vertauscht: Die Feststelltaste ist an.
scan-keyboard_layout = Der Scanner tippt für eine andere Tastatursprache.
scan-day_zero = Das Verfalldatum hat keinen Tag: Es gilt der letzte Tag des Monats.
note-day_zero = Das Verfalldatum hat keinen Tag: Es gilt der letzte Tag des Monats.
note-caps_lock = Prüfen Sie die Feststelltaste.
note-keyboard_layout = Prüfen Sie die Tastatursprache des Scanners.
note-lost_separator = Der Code hat keine eigene Seriennummer; sie steht vielleicht in der Charge, weil das Trennzeichen unterwegs verloren ging.
note-missing_required = Ein Teil des Codes steht ohne einen anderen da, der zu ihm gehört; dieser steht vielleicht in einem zweiten Symbol des Etiketts.
note-disputed = Ein Empfänger meldete einmal, diese Packung sei nicht wie angeboten.
note-in_container = Dem Register nach liegt diese Packung noch in einem Gebinde.

fact-product = Produkt
fact-gtin = GTIN
fact-container = Gebinde
fact-serial = Seriennummer
fact-lot = Charge
fact-expiry = Verfällt
fact-status = Im Register
fact-alert = Alarmcode
fact-scan = Scan
status-active = im Handel
status-dispensed = abgegeben
status-decommissioned = aus dem Handel
status-stolen = gestohlen
status-destroyed = vernichtet
status-repackaged = umgepackt

detail-whole = Der Code
detail-range = { $min } bis { $max }
detail-empty = Vom Scanner kam nichts an.
detail-too_long = Scannen Sie nur ein Symbol auf einmal.
detail-unknown_form = Mit „{ $given }“ beginnt keine der Formen, die hier gelesen werden: Elementkette, (01)…, Digital Link oder EPC-URN.
detail-unknown_ai = „{ $given }“ ist kein Datenbezeichner (AI).
detail-wrong_length = { $part }: „{ $given }“ hat { $length } Zeichen; erlaubt sind { $range }.
detail-wrong_length-unbounded = { $part }: „{ $given }“ hat { $length } Zeichen; das sind zu wenige oder zu viele.
detail-wrong_character = { $part }: Das Zeichen „{ $found }“ an Stelle { $position } von „{ $given }“ ist dort nicht erlaubt.
detail-wrong_check_digit = { $part }: Die Prüfziffer von „{ $given }“ ist { $found }, aus den übrigen Ziffern folgt aber { $expected }.
detail-wrong_date = { $part }: „{ $given }“ ist kein Datum der Form JJMMTT.
detail-wrong_content = { $part }: „{ $given }“ ist kein Wert, der hier stehen kann.
detail-wrong_link = { $part }: „{ $given }“ im Link stimmt nicht.
detail-compressed = Der Link nennt keinen GS1-Schlüssel im Klartext. Scannen Sie ein anderes Symbol der Packung.
detail-missing_required = { $part } braucht { $needs } neben sich. Scannen Sie das ganze Symbol.
detail-excluded = { $part } kann nicht zusammen mit { $other } stehen. Scannen Sie nur ein Symbol.
detail-repeated = { $part } steht zweimal da, als „{ $given }“ und als „{ $other }“.
detail-lost_separator = Stellen Sie den Scanner so ein, dass er das Gruppentrennzeichen (FNC1) unverändert überträgt.
detail-caps_lock = Schalten Sie die Feststelltaste aus und scannen Sie noch einmal.
detail-keyboard_layout = Stellen Sie Scanner und Rechner auf dieselbe Tastatursprache und scannen Sie noch einmal.
detail-day_zero = { $part } nennt keinen Tag.
part-contained-gtin = enthaltene GTIN
part-lot = Charge
part-production-date = Herstellungsdatum
part-best-before-date = Mindesthaltbarkeitsdatum
part-sell-by-date = Verkaufsdatum
part-expiry-date = Verfalldatum
part-serial-number = Seriennummer
part-count = Anzahl
part-gln-extension = GLN-Erweiterung
part-national-drug-number = nationale Arzneimittelnummer
part-cpi-serial = CPI-Seriennummer
part-value = Wert
