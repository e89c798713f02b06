import { ChangeEmail, ChangePassword, DisplayName, ForgotPassword, LogIn, ResetPassword, Session, SignUp, StepUp, TimeZone, VerifyEmail } from '@daymark/auth/contracts'
import { Type } from '@sinclair/typebox'
import { type FormMessages, formGuide, formReader } from './form-reader.server.ts'

const emailMessages = {
  required: 'Write your e-mail address.',
  too_long: 'This is longer than an e-mail address can be.',
  not_email: 'This is not a whole e-mail address. It looks like ada@example.com.',
  taken: 'There is already an account with this address.',
}

const newPasswordMessages = {
  required: 'Choose a password.',
  too_short: 'Use at least {limit} characters. A few words in a row are easy to remember and hard to guess.',
  too_long: 'Use at most {limit} characters; this has {count}.',
}

const nameMessages = {
  too_long: 'Keep the name to {limit} characters; it has {count}.',
  not_allowed: 'Write a name, or leave this empty.',
}

const signUpMessages: FormMessages<typeof SignUp> = {
  email: emailMessages,
  password: newPasswordMessages,
  display_name: nameMessages,
}
export const signUpGuide = formGuide(SignUp, signUpMessages)
export const readSignUp = formReader(SignUp, signUpMessages)

const logInMessages: FormMessages<typeof LogIn> = {
  email: { required: emailMessages.required, too_long: emailMessages.too_long },
  password: { required: 'Write your password.', too_long: 'No password is that long.' },
}
export const logInGuide = formGuide(LogIn, logInMessages)
export const readLogIn = formReader(LogIn, logInMessages)

/** Not named `password`, so that any form can ask for it beside its own fields. */
const ConfirmPassword = Type.Object({ confirm_password: StepUp.properties.password }, { additionalProperties: false })
const confirmPasswordMessages: FormMessages<typeof ConfirmPassword> = { confirm_password: logInMessages.password }
export const confirmPasswordGuide = formGuide(ConfirmPassword, confirmPasswordMessages)
export const readConfirmPassword = formReader(ConfirmPassword, confirmPasswordMessages)

const forgotPasswordMessages: FormMessages<typeof ForgotPassword> = { email: emailMessages }
export const forgotPasswordGuide = formGuide(ForgotPassword, forgotPasswordMessages)
export const readForgotPassword = formReader(ForgotPassword, forgotPasswordMessages)

const resetPasswordMessages: FormMessages<typeof ResetPassword> = { password: newPasswordMessages }
export const resetPasswordGuide = formGuide(ResetPassword, resetPasswordMessages)
export const readResetPassword = formReader(ResetPassword, resetPasswordMessages)

const changePasswordMessages: FormMessages<typeof ChangePassword> = {
  current_password: { required: 'Write the password you have now.', too_long: 'No password is that long.' },
  password: newPasswordMessages,
}
export const changePasswordGuide = formGuide(ChangePassword, changePasswordMessages)
export const readChangePassword = formReader(ChangePassword, changePasswordMessages)

const changeEmailMessages: FormMessages<typeof ChangeEmail> = {
  email: { ...emailMessages, required: 'Write the new address.', taken: 'This address belongs to another account, or did in the last seven days.' },
}
export const changeEmailGuide = formGuide(ChangeEmail, changeEmailMessages)
export const readChangeEmail = formReader(ChangeEmail, changeEmailMessages)

const DeleteAccount = Type.Object({ email: LogIn.properties.email }, { additionalProperties: false })
const deleteAccountMessages: FormMessages<typeof DeleteAccount> = { email: { required: 'Write the address of this account.', too_long: emailMessages.too_long } }
export const deleteAccountGuide = formGuide(DeleteAccount, deleteAccountMessages)
export const readDeleteAccount = formReader(DeleteAccount, deleteAccountMessages)

export const readLink = formReader(VerifyEmail)

const closed = { additionalProperties: false }

const unknownZone = 'Choose a time zone from the list.'
/** An empty field takes the value away. Which version it was made from is said as well, so that it wipes out no other's. */
const Profile = Type.Object({ display_name: Type.Optional(DisplayName), time_zone: Type.Optional(TimeZone), edition: Type.String({ minLength: 1, maxLength: 300 }) }, closed)
const profileMessages: FormMessages<typeof Profile> = { display_name: nameMessages, time_zone: { not_allowed: unknownZone, too_long: unknownZone, unknown_time_zone: unknownZone } }
export const profileGuide = formGuide(Profile, profileMessages)
export const readProfile = formReader(Profile, profileMessages)

export const readSessionId = formReader(Type.Pick(Session, ['id'], closed))
/** A form that is nothing but its button. */
export const readNothing = formReader(Type.Object({}, closed))
