error-request = Request number: { $id }
error-to-home = To the overview
error-retry = Try again
error-not-found = Page not found
error-not-found-text = There is no such address, or it is no longer valid. Start from the overview.
error-method = This address does not open that way
error-method-text = Go back to the page you came from and try again.
error-malformed = The request could not be read
error-malformed-text = The address or the form is damaged. Open the page again.
error-too-large = The request is too large
error-too-large-text = Send less and try again.
error-too-much = Too much data at once
error-too-much-text = Shorten the period or narrow the filter, and try again.
error-forbidden = The request did not come from our page
error-forbidden-text = Open the portal's page again and repeat.
error-no-dealers = No dealer is open to you yet
error-no-dealers-text = You are signed in, but no dealer is linked to your account. Write to your manager, who can open access.
error-too-many = Too many requests
error-too-many-text = { $seconds ->
    [one] Try again in { $seconds } second.
   *[other] Try again in { $seconds } seconds.
}
error-downloads = Two files are being downloaded already
error-downloads-text = Wait for one of them. { error-too-many-text }
error-exports = Ten files were asked for within an hour
error-exports-text = { $minutes ->
    [one] The next one can be asked for in { $minutes } minute.
   *[other] The next one can be asked for in { $minutes } minutes.
}
error-unavailable-reports = Reports are unavailable for now
error-unavailable-sign-in = Signing in is unavailable for now
error-unavailable-sessions = The portal is unavailable for now
error-unavailable-portal = The portal is overloaded
error-unavailable-text = Your data is safe. { error-too-many-text }
error-internal = Something broke on our side
error-internal-text = It has been recorded. Try again later; if that does not help, tell us the request number.
signed-out = You are signed out
signed-out-text = The session on this device has ended.
session-ended = Your session has ended
session-ended-text = Sign in again and you will return to where you were.
sign-in-failed = Signing in failed
sign-in-declined-text = The sign-in was cancelled. Try again.
sign-in-stale-text = This sign-in attempt is too old. Start again.
sign-in-refused-text = The sign-in service did not answer as it should. Try again; if that does not help, tell us the request number.
